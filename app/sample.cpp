// limn sample: new drawings.
#include <memory>

#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "app/image_commands.hpp"
#include "app/sketch_output.hpp"
#include "limn/core/error.hpp"
#include "limn/models/sketch_rnn/prior.hpp"

namespace limn::app {
namespace {

struct SampleArguments {
  std::string model;
  std::int64_t count = 16;
  std::vector<double> temperatures{0.4};
  bool is_greedy = false;
  bool shows_steps = false;
  std::uint64_t seed = 1;
  std::string out = "samples.svg";
};

void sample(const SampleArguments& a) {
  check_sketch_output(a.out);
  const auto generator = SketchRnnGenerator::load(a.model);
  std::vector<SheetCell> cells;
  std::vector<Sketch> sketches;
  Sheet sheet;
  const bool is_sweep = a.temperatures.size() > 1;
  for (const double temperature : a.temperatures) {
    const PointChoice choice{.temperature = static_cast<float>(temperature), .is_greedy = a.is_greedy};
    // The same seed in every row: what differs is the temperature.
    for (const auto& drawing : draw_new(generator, a.count, choice, a.seed)) {
      sketches.push_back(generator.in_data_units(drawing.sketch));
      cells.push_back(cell_of(sketches.back()));
    }
    if (is_sweep) sheet.row_headings.push_back(fmt::format("τ = {:g}", temperature));
  }
  if (is_sweep) {
    sheet.columns = static_cast<int>(a.count);
    sheet.cells = std::move(cells);
  } else {
    sheet = a.count == 1 ? single_sheet(sketches.front()) : grid_sheet(std::move(cells));
  }
  save_drawings(a.out, sheet, sketches);
  fmt::print("{}\n", a.out);
}

}  // namespace

void add_sample(CLI::App& app) {
  auto* command = app.add_subcommand("sample", "new drawings from a model");
  auto a = std::make_shared<SampleArguments>();
  command->add_option("MODEL", a->model, "run directory, .safetensors file or Magenta .json model")->required();
  command->add_option("-n,--count", a->count, "drawings (of each temperature); stations of an image walk")->check(whole_number(1, 100000))->capture_default_str();
  command->add_option("--temperature", a->temperatures, "how varied; several make a row each")
      ->check(positive_number())
      ->capture_default_str();
  command->add_flag("--greedy", a->is_greedy, "always the likeliest point");
  command->add_flag("--steps-shown", a->shows_steps, "of a DRAW model: the canvas after every step");
  command->add_option("--seed", a->seed, "another number, other drawings")->capture_default_str();
  command->add_option("-o,--out", a->out, ".svg, .png, .gif, .gcode, .npz, .ndjson or .json; of images .svg, .png or .gif")->capture_default_str();
  command->footer("\nA model that draws images has no temperature: z is drawn from N(0, I). Its .gif walks through latent space from each\n"
                  "drawing to the next and back to the first; of a DRAW model it shows the canvases growing.\n"
                  "\nExamples:\n  limn sample runs/doodles -n 16 --temperature 0.4 -o sheet.png\n"
                  "  limn sample runs/doodles -n 8 --temperature 0.2 0.4 0.6 0.8 -o sweep.svg\n"
                  "  limn sample runs/digits -n 8 -o walk.gif\n"
                  "  limn sample runs/draw -n 2 --steps-shown -o steps.png\n");
  command->callback([a, command] {
    if (draws_images(a->model)) {
      refuse_sketch_options(*command, {"--temperature", "--greedy"});
      return sample_images(
          {.model = a->model, .count = a->count, .seed = a->seed, .out = a->out, .shows_steps = a->shows_steps});
    }
    require(!a->shows_steps, "--steps-shown: is for DRAW, and this model draws sketches; leave it out");
    sample(*a);
  });
}

}  // namespace limn::app
