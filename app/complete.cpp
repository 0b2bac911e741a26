// limn complete: several endings of an unfinished sketch.
#include <memory>

#include "app/commands.hpp"
#include "app/common_options.hpp"
#include "app/drawing_output.hpp"
#include "app/printing.hpp"
#include "limn/core/error.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_model.hpp"

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

void complete(const CompleteArguments& a, const models::Registry& registry) {
  const auto model = registry.load(a.model);
  model->need(models::Ability::kComplete, "choose a model of sketches");
  check_output(a.out, model->content());
  models::Drawings beginning = model->read_one(a.in);
  say_notes(beginning.notes);
  auto& points = beginning.sketches.front().points;
  require(a.points <= std::ssize(points), "--points {}: {} has {} points; use as many at most, or leave --points out",
          a.points, a.in, points.size());
  if (a.points > 0) points.resize(static_cast<std::size_t>(a.points));
  const std::int64_t longest = model->as_sketch_model()->max_seq_len();
  require(std::ssize(points) < longest,
          "{}: {} points are given, and the model's drawings have {} at most; use the first K of them with --points K",
          a.in, points.size(), longest);
  const models::Drawings endings =
      model->complete(beginning, {.count = a.count,
                                  .uses_prior = a.uses_prior,
                                  .drawing = {.temperature = a.temperature, .is_greedy = a.is_greedy, .seed = a.seed}});
  std::vector<render::SheetCell> cells;
  for (const sketch::Sketch& sketch : endings.sketches) cells.push_back(render::completion_cell(sketch, points.size()));
  save_drawings(a.out, render::grid_sheet(std::move(cells)), endings);
}

}  // namespace

void add_complete(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("complete", "continue an unfinished sketch, several ways");
  auto a = std::make_shared<CompleteArguments>();
  add_model(command, a->model);
  command.add("--in", &a->in, "the sketch: FILE, FILE#17 or FILE:test#17").required();
  command.add("--points", &a->points, "use its first K points only [all]").whole_number(1, 1'000'000);
  command.add("-n,--count", &a->count, "endings").whole_number(1, 10000).shows_default();
  add_temperature(command, a->temperature);
  command.add("--greedy", &a->is_greedy, "always the likeliest point");
  command.add("--prior", &a->uses_prior, "z from the prior instead of from the given part");
  command.add("--seed", &a->seed, "another number, other endings").shows_default();
  command.add("-o,--out", &a->out, output_endings(models::Content::kSketches)).shows_default();
  command.set_footer(
      "\nExample:\n  limn complete runs/doodles --in builtin:doodles:test#3 --points 12 -n 9 -o endings.png\n");
  command.set_action([a, &registry] { complete(*a, registry); });
}

}  // namespace limn::app
