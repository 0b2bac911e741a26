// limn interpolate: a path through latent space between two sketches or images, or a grid between four.
#include <memory>

#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "app/image_commands.hpp"
#include "app/sketch_input.hpp"
#include "app/sketch_output.hpp"
#include "limn/core/error.hpp"

namespace limn::app {
namespace {

struct InterpolateArguments {
  std::string model;
  std::string from, to;
  std::vector<std::string> corners;
  std::int64_t steps = 10;
  double temperature = 0.1;
  bool is_greedy = false;
  std::uint64_t seed = 1;
  std::string out = "interpolation.svg";
};

// The two ends of a path or the four corners of a grid.
std::vector<std::string> ends_of(const InterpolateArguments& a) {
  const bool is_grid = !a.corners.empty();
  require(is_grid ? a.corners.size() == 4 && a.from.empty() && a.to.empty() : !a.from.empty() && !a.to.empty(),
          "interpolate: give --from and --to, or --corners with four");
  return is_grid ? a.corners : std::vector<std::string>{a.from, a.to};
}

void interpolate(const InterpolateArguments& a) {
  check_sketch_output(a.out);
  const std::vector<std::string> references = ends_of(a);
  const bool is_grid = references.size() == 4;
  const auto generator = SketchRnnGenerator::load(a.model);
  require(generator.is_conditional(), "{}: has no encoder (conditional=false), so no latent space", a.model);
  std::vector<Sketch> given;
  for (const auto& reference : references) given.push_back(sketch_for(generator, reference));
  const Latents ends = generator.encode(given).mu;
  const Latents path = is_grid ? latent_grid({.top_left = ends.row(0),
                                              .top_right = ends.row(1),
                                              .bottom_left = ends.row(2),
                                              .bottom_right = ends.row(3)},
                                             a.steps, a.steps)
                               : interpolate_latents(ends.row(0), ends.row(1), a.steps);
  Sheet sheet{.columns = static_cast<int>(a.steps)};
  std::vector<Sketch> sketches;
  const PointChoice choice{.temperature = static_cast<float>(a.temperature), .is_greedy = a.is_greedy};
  for (const auto& drawing : draw_latents(generator, path, choice, a.seed)) {
    sketches.push_back(generator.in_data_units(drawing.sketch));
    sheet.cells.push_back(cell_of(sketches.back()));
  }
  save_drawings(a.out, sheet, sketches);
  fmt::print("{}\n", a.out);
}

}  // namespace

void add_interpolate(CLI::App& app) {
  auto* command = app.add_subcommand("interpolate", "a path through latent space between sketches or images");
  auto a = std::make_shared<InterpolateArguments>();
  command->add_option("MODEL", a->model, "run directory or .safetensors file")->required();
  command->add_option("--from", a->from, "the first sketch or image: FILE, FILE#17 or FILE:test#17");
  command->add_option("--to", a->to, "the last one");
  command->add_option("--corners", a->corners, "four for a grid: top left, top right, bottom left, bottom right")
      ->expected(4);
  command->add_option("--steps", a->steps, "drawings on the path, or on each side of the grid")
      ->check(whole_number(2, 100))
      ->capture_default_str();
  command->add_option("--temperature", a->temperature, "how varied")->check(positive_number())->capture_default_str();
  command->add_flag("--greedy", a->is_greedy, "always the likeliest point");
  command->add_option("--seed", a->seed, "another number, other drawings")->capture_default_str();
  command->add_option("-o,--out", a->out, ".svg, .png, .gif, .gcode, .npz, .ndjson or .json; of images .svg, .png or .gif (there and back)")->capture_default_str();
  command->footer("\nExamples:\n  limn interpolate runs/doodles --from builtin:doodles:test#0 --to builtin:doodles:test#5 -o path.png\n"
                  "  limn interpolate runs/sheep --corners sheep.npz#1 sheep.npz#2 sheep.npz#3 sheep.npz#4 --steps 7 -o grid.svg\n"
                  "  limn interpolate runs/digits --from mnist:test#3 --to mnist:test#4 --steps 30 -o walk.gif\n");
  command->callback([a, command] {
    if (!draws_images(a->model)) return interpolate(*a);
    refuse_sketch_options(*command, {"--temperature", "--greedy"});
    interpolate_images({.model = a->model, .ends = ends_of(*a), .steps = a->steps, .out = a->out});
  });
}

}  // namespace limn::app
