// limn complete: several endings of an unfinished sketch.
#include <algorithm>
#include <memory>

#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "app/sketch_input.hpp"
#include "app/sketch_output.hpp"
#include "limn/core/error.hpp"

namespace limn::app {
namespace {

struct CompleteArguments {
  std::string model;
  std::string in;
  std::int64_t points = 0;
  std::int64_t count = 9;
  double temperature = 0.4;
  bool is_greedy = false;
  bool uses_prior = false;
  std::uint64_t seed = 1;
  std::string out = "completions.svg";
};

// z of each ending: what the encoder says of the given part, or the prior; nothing for an unconditional model.
Latents latents_for(const SketchRnnGenerator& generator, const Sketch& given, const CompleteArguments& a) {
  if (!generator.is_conditional()) return {};
  if (a.uses_prior) return prior_latents(a.count, generator.options().z_size, a.seed);
  const LatentPosterior posterior = generator.encode(std::span(&given, 1));
  Latents all(a.count, generator.options().z_size);
  for (std::int64_t i = 0; i < a.count; ++i) {
    const auto index = std::vector<std::int64_t>{i};
    std::ranges::copy(posterior_latents(posterior, a.seed, index).row(0), all.row(i).begin());
  }
  return all;
}

void complete(const CompleteArguments& a) {
  check_sketch_output(a.out);
  const auto generator = SketchRnnGenerator::load(a.model);
  Sketch given = sketch_for(generator, a.in);
  if (a.points > 0 && a.points < static_cast<std::int64_t>(given.points.size()))
    given.points.resize(static_cast<std::size_t>(a.points));
  require(std::ssize(given.points) < generator.max_seq_len(),
          "{}: {} points are given, and the model's drawings have {} at most; use the first K of them with --points K",
          a.in, given.points.size(), generator.max_seq_len());
  const Latents z = latents_for(generator, given, a);
  std::vector<DrawRequest> requests;
  for (std::int64_t i = 0; i < a.count; ++i)
    requests.push_back({.z = generator.is_conditional() ? z.row(i) : std::span<const float>(),
                        .prefix = given.points,
                        .choice = {.temperature = static_cast<float>(a.temperature), .is_greedy = a.is_greedy},
                        .seed = a.seed,
                        .index = static_cast<std::uint64_t>(i)});
  std::vector<SheetCell> cells;
  std::vector<Sketch> sketches;
  for (const auto& drawing : generator.draw(requests)) {
    sketches.push_back(generator.in_data_units(drawing.sketch));
    cells.push_back(completion_cell(sketches.back(), given.points.size()));
  }
  save_drawings(a.out, grid_sheet(std::move(cells)), sketches);
  fmt::print("{}\n", a.out);
}

}  // namespace

void add_complete(CLI::App& app) {
  auto* command = app.add_subcommand("complete", "continue an unfinished sketch, several ways");
  auto a = std::make_shared<CompleteArguments>();
  command->add_option("MODEL", a->model, "run directory, .safetensors file or Magenta .json model")->required();
  command->add_option("--in", a->in, "the sketch: FILE, FILE#17 or FILE:test#17")->required();
  command->add_option("--points", a->points, "use its first K points only [all]")->check(whole_number(1, 1'000'000));
  command->add_option("-n,--count", a->count, "endings")->check(whole_number(1, 10000))->capture_default_str();
  command->add_option("--temperature", a->temperature, "how varied")->check(positive_number())->capture_default_str();
  command->add_flag("--greedy", a->is_greedy, "always the likeliest point");
  command->add_flag("--prior", a->uses_prior, "z from the prior instead of from the given part");
  command->add_option("--seed", a->seed, "another number, other endings")->capture_default_str();
  command->add_option("-o,--out", a->out, ".svg, .png, .gif, .gcode, .npz, .ndjson or .json")->capture_default_str();
  command->footer("\nExample:\n  limn complete runs/doodles --in builtin:doodles:test#3 --points 12 -n 9 -o endings.png\n");
  command->callback([a] { complete(*a); });
}

}  // namespace limn::app
