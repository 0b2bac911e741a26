#include "app/plane_picture.hpp"

#include <cmath>

#include "app/common_options.hpp"
#include "app/drawing_output.hpp"
#include "app/plotter_options.hpp"
#include "limn/core/error.hpp"
#include "limn/render/axis.hpp"

namespace limn::app {

void add_picture_options(const Command& command, PlanePicture& picture) {
  command.add("--grid", &picture.grid, "drawings on each side").whole_number(1, 200).shows_default();
  command.add("--scale", &picture.scale, "of images: side of a pixel [so that the picture is about 1000 wide]")
      .whole_number(1, 100);
  command.add("--bare", &picture.is_bare, "the drawings alone, without title and axes");
  add_prior(command, picture.prior);
  add_plotter_options(command, picture.plotter);
}

void check_plane_output(const models::Model& model, const PlanePicture& picture, const std::filesystem::path& out) {
  require(picture.scale == 0 || model.content() == models::Content::kImages,
          "--scale: is for models that draw images; leave it out");
  check_output(out, model.content(), false);
  check_plotter_options(picture.plotter, out);
}

namespace {

constexpr double kPictureWidth = 1000;  // about, pixels
constexpr double kValueWidth = 40;      // of an axis value with the space around it

models::Drawings drawings_of(const models::Model& model, const models::Latents& z) {
  return model.draw_latents(z, {.is_greedy = true});
}

// The values along an axis; where drawings are too small for that, of some of them.
std::vector<std::string> axis_values(const std::vector<float>& all, double cell) {
  const auto every = static_cast<std::int64_t>(std::ceil(kValueWidth / cell));
  std::vector<std::string> values;
  for (const float value : all) values.push_back(std::ssize(values) % every == 0 ? render::tick_text(value, 0.01) : "");
  return values;
}

SheetLook look_of(const PlanePicture& picture, const Plane& plane, const models::Drawings& drawings) {
  SheetLook look{.gap = 0, .scale = picture.scale, .plotter = picture.plotter};
  if (picture.is_bare) return look;
  const double scaled = static_cast<double>(picture.scale * drawings.shape.width);
  const double cell = picture.scale > 0 ? scaled : kPictureWidth / static_cast<double>(picture.grid);
  look.title = fmt::format("X: {}, Y: {}", plane.axes.across, plane.axes.down);
  look.column_headings = axis_values(plane.axes.x, cell);
  look.row_headings = axis_values(plane.axes.y, cell);
  return look;
}

}  // namespace

void save_plane(const models::Model& model, const Plane& plane, const PlanePicture& picture,
                const std::filesystem::path& out) {
  const models::Drawings drawings = drawings_of(model, plane.z);
  save_grid(out, drawings, static_cast<int>(picture.grid), look_of(picture, plane, drawings));
}

void add_plane(AtomicFolder& folder, const std::string& name, const models::Model& model, const Plane& plane,
               const PlanePicture& picture) {
  const models::Drawings drawings = drawings_of(model, plane.z);
  folder.write(name, encode_grid(name, drawings, static_cast<int>(picture.grid), look_of(picture, plane, drawings)));
}

}  // namespace limn::app
