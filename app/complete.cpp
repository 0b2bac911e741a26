// limn complete: several endings of an unfinished sketch.
#include <memory>

#include "app/commands.hpp"
#include "app/common_options.hpp"
#include "app/drawing_output.hpp"
#include "app/given_drawings.hpp"
#include "app/plotter_options.hpp"
#include "app/recorded_data.hpp"
#include "limn/core/error.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_model.hpp"

namespace limn::app {
namespace {

constexpr std::int64_t kBeginning = 6;  // points of a built-in drawing that nobody named

struct CompleteArguments {
  std::string model;
  std::string in;
  std::int64_t points = 0;
  std::int64_t count = 9;
  double temperature = 0.4;
  models::SigmaTemperature sigma_temperature = models::SigmaTemperature::kSqrt;
  bool is_greedy = false;
  std::string precision = "f32";
  bool uses_prior = false;
  GivenScale scale = GivenScale::kUsual;
  std::uint64_t seed = 1;
  std::string out = "completions.svg";
  render::GcodeOptions plotter = {};
};

void complete(const CompleteArguments& a, const models::Registry& registry) {
  const auto model = registry.load(a.model);
  model->set_precision(a.precision);
  model->need(models::Ability::kComplete, "choose a model of sketches");
  require(!a.uses_prior || model->latent_size() > 0, "{}: has no latent space to draw from; leave --prior out",
          a.model);
  check_output(a.out, model->content());
  check_plotter_options(a.plotter, a.out);
  const bool has_beginning = !a.in.empty();
  const std::string in = has_beginning ? a.in : built_in_drawings("#0", *model, a.model, registry, "--in");
  const std::int64_t first_points = has_beginning || a.points > 0 ? a.points : kBeginning;
  const GivenDrawings given = read_given(*model, {.references = {in},
                                                  .scale = a.scale,
                                                  .points = static_cast<std::size_t>(first_points),
                                                  .is_one_each = true,
                                                  .is_continued = true});
  const auto& points = given.drawings.sketches.front().points;
  const std::int64_t longest = model->as_sketch_model()->max_seq_len();
  require(std::ssize(points) < longest,
          "{}: {} points are given, and the model's drawings have {} at most; use the first K of them with --points K, "
          "or --scale "
          "fit, which simplifies the sketch",
          in, points.size(), longest);
  models::Drawings endings = model->complete(given.drawings, {.count = a.count,
                                                              .uses_prior = a.uses_prior,
                                                              .drawing = {.temperature = a.temperature,
                                                                          .sigma_temperature = a.sigma_temperature,
                                                                          .is_greedy = a.is_greedy,
                                                                          .seed = a.seed}});
  const sketch::Sketch& beginning = given.originals.sketches.front();
  std::vector<render::SheetCell> cells;
  for (sketch::Sketch& sketch : endings.sketches) {
    if (const auto& map = given.maps.front()) sketch = models::continued(beginning, sketch, points.size(), *map);
    cells.push_back(render::completion_cell(sketch, beginning.points.size()));
  }
  save_drawings(a.out, render::grid_sheet(std::move(cells)), endings, {.plotter = a.plotter});
}

}  // namespace

void add_complete(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("complete", "continue an unfinished sketch, several ways");
  auto a = std::make_shared<CompleteArguments>();
  add_model(command, a->model);
  command.add("--in", &a->in, "the sketch: FILE, FILE#17 or FILE:test#17 [of built-in data, test#0 with --points 6]");
  add_scale(command, a->scale);
  command.add("--points", &a->points, "use its first K points only [all]").whole_number(1, 1'000'000);
  command.add("-n,--count", &a->count, "endings").whole_number(1, 10000).shows_default();
  add_temperature(command, a->temperature, a->sigma_temperature);
  command.add("--greedy", &a->is_greedy, "always the likeliest point");
  add_precision(command, a->precision);
  command.add("--prior", &a->uses_prior, "z from the model's prior instead of from the given part");
  command.add("--seed", &a->seed, "another number, other endings").shows_default();
  command.add("-o,--out", &a->out, output_endings(models::Content::kSketches)).shows_default();
  add_plotter_options(command, a->plotter);
  command.set_footer(
      "\nExamples:\n  limn complete builtin:doodles -o endings.png\n"
      "  limn complete runs/doodles --in builtin:doodles:test#3 --points 12 -n 9 -o endings.png\n");
  command.set_action([a, &registry] { complete(*a, registry); });
}

}  // namespace limn::app
