#include "app/plane_picture.hpp"

#include "app/drawing_output.hpp"
#include "app/plotter_options.hpp"
#include "limn/core/error.hpp"

namespace limn::app {

void add_picture_options(const Command& command, PlanePicture& picture) {
  command.add("--grid", &picture.grid, "drawings on each side").whole_number(1, 200).shows_default();
  command.add("--scale", &picture.scale, "of images: side of a pixel [so that the picture is about 1000 wide]")
      .whole_number(1, 100);
  add_plotter_options(command, picture.plotter);
}

void check_plane_output(const models::Model& model, const PlanePicture& picture, const std::filesystem::path& out) {
  require(picture.scale == 0 || model.content() == models::Content::kImages,
          "--scale: is for models that draw images; leave it out");
  check_output(out, model.content(), false);
  check_plotter_options(picture.plotter, out);
}

namespace {

models::Drawings drawings_of(const models::Model& model, const models::Latents& z) {
  return model.draw_latents(z, {.is_greedy = true});
}

SheetLook look_of(const PlanePicture& picture) {
  return {.gap = 0, .scale = picture.scale, .plotter = picture.plotter};
}

}  // namespace

void save_plane(const models::Model& model, const models::Latents& z, const PlanePicture& picture,
                const std::filesystem::path& out) {
  save_grid(out, drawings_of(model, z), static_cast<int>(picture.grid), look_of(picture));
}

void add_plane(AtomicFolder& folder, const std::string& name, const models::Model& model, const models::Latents& z,
               const PlanePicture& picture) {
  folder.write(name, encode_grid(name, drawings_of(model, z), static_cast<int>(picture.grid), look_of(picture)));
}

}  // namespace limn::app
