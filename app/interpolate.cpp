// limn interpolate: a path through latent space between two sketches or images, or a grid between four.
#include <memory>

#include "app/commands.hpp"
#include "app/common_options.hpp"
#include "app/drawing_output.hpp"
#include "app/given_drawings.hpp"
#include "app/option_abilities.hpp"
#include "app/plotter_options.hpp"
#include "app/recorded_data.hpp"
#include "limn/core/error.hpp"
#include "limn/models/registry.hpp"

namespace limn::app {
namespace {

struct InterpolateArguments {
  std::string model;
  std::string from, to;
  std::vector<std::string> corners;
  GivenScale scale = GivenScale::kUsual;
  std::int64_t steps = 10;
  double temperature = 0.1;
  models::SigmaTemperature sigma_temperature = models::SigmaTemperature::kSqrt;
  bool is_greedy = false;
  std::string precision = "f32";
  std::uint64_t seed = 1;
  std::string out = "interpolation.svg";
  render::GcodeOptions plotter = {};
};

// The two ends of a path or the four corners of a grid; none where none are named.
std::vector<std::string> ends_of(const InterpolateArguments& a) {
  const bool is_grid = !a.corners.empty();
  require(is_grid ? a.corners.size() == 4 && a.from.empty() && a.to.empty() : a.from.empty() == a.to.empty(),
          "interpolate: give --from and --to, or --corners with four");
  if (is_grid) return a.corners;
  return a.from.empty() ? std::vector<std::string>{} : std::vector<std::string>{a.from, a.to};
}

// There and back, so that an animation loops without a jump.
models::Latents there_and_back(const models::Latents& path) {
  models::Latents walk = path;
  for (std::int64_t i = path.count() - 2; i > 0; --i)
    walk.values.insert(walk.values.end(), path.row(i).begin(), path.row(i).end());
  return walk;
}

void interpolate(const InterpolateArguments& a, const Command& command, const models::Registry& registry) {
  std::vector<std::string> references = ends_of(a);
  const bool is_grid = references.size() == 4;
  const auto model = registry.load(a.model);
  model->set_precision(a.precision);
  check_output(a.out, model->content());
  check_plotter_options(a.plotter, a.out);
  check_temperature_options(command, *model);
  model->need(models::Ability::kEncode, "try limn sample or limn complete");
  if (references.empty())
    for (const char* which : {"#0", "#1"})
      references.push_back(built_in_drawings(which, *model, a.model, registry, "--from"));
  const GivenDrawings given = read_given(*model, {.references = references, .scale = a.scale, .is_one_each = true});
  const models::Latents ends = model->latents_of(given.drawings, {.uses_mean = true});
  models::Latents path = is_grid ? models::latent_grid({.top_left = ends.row(0),
                                                        .top_right = ends.row(1),
                                                        .bottom_left = ends.row(2),
                                                        .bottom_right = ends.row(3)},
                                                       a.steps, a.steps)
                                 : models::interpolate_latents(ends.row(0), ends.row(1), a.steps);
  if (!is_grid && model->content() == models::Content::kImages && is_animation(a.out)) path = there_and_back(path);
  save_grid(a.out,
            model->draw_latents(path, {.temperature = a.temperature,
                                       .sigma_temperature = a.sigma_temperature,
                                       .is_greedy = a.is_greedy,
                                       .seed = a.seed}),
            static_cast<int>(a.steps), {.plotter = a.plotter});
}

}  // namespace

void add_interpolate(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("interpolate", "a path through latent space between sketches or images");
  auto a = std::make_shared<InterpolateArguments>();
  add_model(command, a->model);
  command.add("--from", &a->from,
              "the first sketch or image: FILE, FILE#17 or FILE:test#17 [of built-in data, test#0]");
  command.add("--to", &a->to, "the last one [of built-in data, test#1]");
  command.add("--corners", &a->corners, "four for a grid: top left, top right, bottom left, bottom right").takes(4);
  add_scale(command, a->scale);
  command.add("--steps", &a->steps, "drawings on the path, or on each side of the grid")
      .whole_number(2, 100)
      .shows_default();
  add_temperature(command, a->temperature, a->sigma_temperature);
  command.add("--greedy", &a->is_greedy, "always the likeliest point");
  add_precision(command, a->precision);
  command.add("--seed", &a->seed, "another number, other drawings").shows_default();
  command.add("-o,--out", &a->out, drawing_output_help() + " (there and back)").shows_default();
  add_plotter_options(command, a->plotter);
  command.set_footer(
      "\nExamples:\n  limn interpolate builtin:doodles -o path.png\n"
      "  limn interpolate runs/doodles --from builtin:doodles:test#0 --to builtin:doodles:test#5 -o "
      "path.png\n"
      "  limn interpolate runs/sheep --corners sheep.npz#1 sheep.npz#2 sheep.npz#3 sheep.npz#4 --steps 7 -o grid.svg\n"
      "  limn interpolate runs/digits --from data/mnist:test#3 --to data/mnist:test#4 --steps 30 -o walk.gif\n");
  command.set_action([a, command, &registry] { interpolate(*a, command, registry); });
}

}  // namespace limn::app
