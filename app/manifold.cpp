// limn manifold: the plane of a two-dimensional latent space as one picture.
#include <memory>

#include "app/commands.hpp"
#include "app/common_options.hpp"
#include "app/plane_picture.hpp"
#include "app/shell_word.hpp"
#include "limn/core/error.hpp"
#include "limn/models/registry.hpp"

namespace limn::app {
namespace {

struct ManifoldArguments {
  std::string model;
  PlanePicture picture{.grid = 20};
  std::string out = "manifold.png";
};

void manifold(const ManifoldArguments& a, const models::Registry& registry) {
  const auto model = registry.load(a.model);
  check_plane_output(*model, a.picture, a.out);
  model->need(models::Ability::kDecode, "try limn sample");
  require(model->latent_size() == 2,
          "{}: has {} latent dimensions, a manifold shows 2; try limn traverse {} --dims 0,1", a.model,
          model->latent_size(), shell_word(a.model));
  const models::PlaneAxes axes = models::plane_axes(0, 1, a.picture.grid, model->prior(a.picture.prior));
  const std::vector<float> base(2);
  save_plane(*model, {.axes = axes, .z = models::traversal_latents(axes, base)}, a.picture, a.out);
}

}  // namespace

void add_manifold(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("manifold", "the plane of a two-dimensional latent space as one picture");
  auto a = std::make_shared<ManifoldArguments>();
  add_model(command, a->model);
  add_picture_options(command, a->picture);
  command.add("-o,--out", &a->out, drawing_output_help(false)).shows_default();
  command.set_footer(
      "\nThe points lie at even shares of the prior from 5 % to 95 %, the fitted one where the model has it: the first "
      "dimension to the right, the second "
      "down.\n"
      "\nExample:\n  limn manifold runs/digits --grid 20 -o manifold.png\n");
  command.set_action([a, &registry] { manifold(*a, registry); });
}

}  // namespace limn::app
