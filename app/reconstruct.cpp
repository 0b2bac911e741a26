// limn reconstruct: originals beside what the model makes of them.
#include <memory>

#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "app/image_commands.hpp"
#include "app/sketch_input.hpp"
#include "app/sketch_output.hpp"
#include "limn/core/error.hpp"

namespace limn::app {
namespace {

struct ReconstructArguments {
  std::string model;
  std::vector<std::string> in;
  std::int64_t count = 8;
  std::vector<double> temperatures{0.4};
  bool is_greedy = false;
  bool uses_mean = false;
  bool shows_steps = false;
  std::uint64_t seed = 1;
  std::string out = "reconstructions.svg";
};

// A row for each sketch: the original, then one reconstruction a temperature.
void reconstruct_sketches(const ReconstructArguments& a) {
  check_sketch_output(a.out);
  const auto generator = SketchRnnGenerator::load(a.model);
  require(generator.is_conditional(), "{}: has no encoder (conditional=false); try limn sample or limn complete", a.model);
  const auto given = sketches_for(generator, a.in, static_cast<std::size_t>(a.count));
  Sheet sheet{.columns = static_cast<int>(a.temperatures.size()) + 1, .column_headings = {"given"}};
  std::vector<std::vector<Drawing>> drawings;
  for (const double temperature : a.temperatures) {
    sheet.column_headings.push_back(a.is_greedy ? std::string("greedy") : fmt::format("τ = {:g}", temperature));
    drawings.push_back(reconstruct(generator, given,
                                   {.uses_mean = a.uses_mean,
                                    .choice = {.temperature = static_cast<float>(temperature), .is_greedy = a.is_greedy},
                                    .seed = a.seed}));
  }
  std::vector<Sketch> redrawn;
  for (std::size_t i = 0; i < given.size(); ++i) {
    sheet.cells.push_back(cell_of(generator.in_data_units(given[i])));
    for (const auto& column : drawings) {
      redrawn.push_back(generator.in_data_units(column[i].sketch));
      sheet.cells.push_back(cell_of(redrawn.back(), {}, kAccent));
    }
  }
  save_drawings(a.out, sheet, redrawn);
  fmt::print("{}\n", a.out);
}

}  // namespace

void add_reconstruct(CLI::App& app) {
  auto* command = app.add_subcommand("reconstruct", "originals beside their reconstructions");
  auto a = std::make_shared<ReconstructArguments>();
  command->add_option("MODEL", a->model, "run directory or .safetensors file")->required();
  command->add_option("--in", a->in, "sketches or images: FILE, FILE#17 or FILE:test#17; several allowed")->required();
  command->add_option("-n,--count", a->count, "how many at most")->check(whole_number(1, 1000))->capture_default_str();
  command->add_option("--temperature", a->temperatures, "how varied; several make a column each")
      ->check(positive_number())
      ->capture_default_str();
  command->add_flag("--greedy", a->is_greedy, "always the likeliest point");
  command->add_flag("--mean", a->uses_mean, "draw from the mean of z instead of a sample");
  command->add_flag("--steps-shown", a->shows_steps, "of a DRAW model: some steps, with the windows it reads and writes");
  command->add_option("--seed", a->seed, "another number, other drawings")->capture_default_str();
  command->add_option("-o,--out", a->out, ".svg, .png, .gif, .gcode, .npz, .ndjson or .json; of images .svg or .png, of DRAW also .gif")->capture_default_str();
  command->footer("\nExamples:\n  limn reconstruct runs/doodles --in builtin:doodles:test -n 8 -o redrawn.png\n"
                  "  limn reconstruct runs/sheep --in sheep.npz:test#17 --temperature 0.2 0.4 0.6 0.8 -o four.svg\n"
                  "  limn reconstruct runs/digits --in mnist:test -n 20 -o digits.png\n"
                  "  limn reconstruct runs/draw --in mnist:test#3 -o watch.gif\n");
  command->callback([a, command] {
    if (!draws_images(a->model)) {
      require(!a->shows_steps, "--steps-shown: is for DRAW, and this model draws sketches; leave it out");
      return reconstruct_sketches(*a);
    }
    refuse_sketch_options(*command, {"--temperature", "--greedy"});
    reconstruct_images({.model = a->model,
                        .in = a->in,
                        .count = a->count,
                        .uses_mean = a->uses_mean,
                        .seed = a->seed,
                        .out = a->out,
                        .shows_steps = a->shows_steps});
  });
}

}  // namespace limn::app
