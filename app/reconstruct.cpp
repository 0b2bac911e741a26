// limn reconstruct: originals beside the drawings that the model makes of them.
#include <algorithm>
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

constexpr std::size_t kImageColumns = 10;

struct ReconstructArguments {
  std::string model;
  std::vector<std::string> in;
  std::int64_t count = 8;
  std::vector<double> temperatures{0.4};
  models::SigmaTemperature sigma_temperature = models::SigmaTemperature::kSqrt;
  bool is_greedy = false;
  std::string precision = "f32";
  bool uses_mean = false;
  GivenScale scale = GivenScale::kUsual;
  bool shows_steps = false;
  std::uint64_t seed = 1;
  std::string out = "reconstructions.svg";
  render::GcodeOptions plotter = {};
};

// A row for each sketch: the original, then one reconstruction per temperature.
void reconstruct_sketches(const models::Model& model, const GivenDrawings& given, const ReconstructArguments& a) {
  const models::Latents z = model.latents_of(given.drawings, {.uses_mean = a.uses_mean, .seed = a.seed});
  render::Sheet sheet{.columns = static_cast<int>(a.temperatures.size()) + 1, .column_headings = {"given"}};
  std::vector<models::Drawings> columns;
  for (const double temperature : a.temperatures) {
    sheet.column_headings.push_back(a.is_greedy ? std::string("greedy") : fmt::format("τ = {:g}", temperature));
    columns.push_back(model.draw_latents(z, {.temperature = temperature,
                                             .sigma_temperature = a.sigma_temperature,
                                             .is_greedy = a.is_greedy,
                                             .seed = a.seed}));
  }
  models::Drawings redrawn{.content = given.originals.content};
  for (std::size_t i = 0; i < given.originals.sketches.size(); ++i) {
    sheet.cells.push_back(render::cell_of(given.originals.sketches[i]));
    for (models::Drawings& column : columns) {
      if (const auto& map = given.maps[i]) column.sketches[i] = models::brought_back(column.sketches[i], *map);
      sheet.cells.push_back(render::cell_of(column.sketches[i], {}, render::kAccent));
      redrawn.sketches.push_back(std::move(column.sketches[i]));
    }
  }
  save_drawings(a.out, sheet, redrawn, {.plotter = a.plotter});
}

// The cells from `first` on, as many as the sheet has columns, as a row.
void append_row(render::Sheet& sheet, const std::string& heading, const std::vector<render::SheetCell>& cells,
                std::size_t first) {
  sheet.row_headings.push_back(heading);
  for (std::size_t i = first; i < first + static_cast<std::size_t>(sheet.columns); ++i)
    sheet.cells.push_back(i < cells.size() ? cells[i] : render::SheetCell{});
}

// Pairs of rows: the originals, and their reconstructions below them.
void reconstruct_images(const models::Model& model, const models::Drawings& given, const ReconstructArguments& a) {
  const models::Latents z = model.latents_of(given, {.uses_mean = a.uses_mean, .seed = a.seed});
  const auto originals = cells_of(given), redrawn = cells_of(model.draw_latents(z, {.seed = a.seed}));
  render::Sheet sheet{.columns = static_cast<int>(std::min(kImageColumns, originals.size()))};
  for (std::size_t first = 0; first < originals.size(); first += static_cast<std::size_t>(sheet.columns)) {
    append_row(sheet, "given", originals, first);
    append_row(sheet, "redrawn", redrawn, first);
  }
  save_drawings(a.out, sheet, given);
}

void reconstruct(const ReconstructArguments& a, const Command& command, const models::Registry& registry) {
  const auto model = registry.load(a.model);
  model->set_precision(a.precision);
  check_output(a.out, model->content(), model->can(models::Ability::kSteps));
  check_plotter_options(a.plotter, a.out);
  model->need(models::Ability::kEncode, "try limn sample or limn complete");
  check_temperature_options(command, *model);
  check_options(command, *model, models::Ability::kSteps, {"--steps-shown"});
  const std::vector<std::string> references =
      a.in.empty() ? std::vector{built_in_drawings("", *model, a.model, registry, "--in")} : a.in;
  const GivenDrawings read = read_given(*model, {.references = references, .limit = a.count, .scale = a.scale});
  if (model->content() == models::Content::kSketches) return reconstruct_sketches(*model, read, a);
  const models::Drawings& given = read.drawings;
  if (!a.shows_steps && !is_animation(a.out)) return reconstruct_images(*model, given, a);
  save_steps(a.out, model->steps_redrawing(given, {.uses_mean = a.uses_mean, .seed = a.seed}), given.pixels);
}

}  // namespace

void add_reconstruct(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("reconstruct", "originals beside their reconstructions");
  auto a = std::make_shared<ReconstructArguments>();
  add_model(command, a->model);
  command.add("--in", &a->in,
              "sketches or images: FILE, FILE#17 or FILE:test#17; several allowed [of built-in data, test]");
  add_scale(command, a->scale);
  command.add("-n,--count", &a->count, "how many at most").whole_number(1, 1000).shows_default();
  add_temperatures(command, a->temperatures, a->sigma_temperature, "how varied; several make a column each");
  command.add("--greedy", &a->is_greedy, "always the likeliest point");
  add_precision(command, a->precision);
  command.add("--mean", &a->uses_mean, "draw from the mean of z instead of a sample");
  command.add("--steps-shown", &a->shows_steps, "of a DRAW model: some steps, with the windows it reads and writes");
  command.add("--seed", &a->seed, "another number, other drawings").shows_default();
  command.add("-o,--out", &a->out, drawing_output_help(false) + ", of DRAW also .gif").shows_default();
  add_plotter_options(command, a->plotter);
  command.set_footer(
      "\nExamples:\n  limn reconstruct runs/doodles --in builtin:doodles:test -n 8 -o redrawn.png\n"
      "  limn reconstruct runs/sheep --in sheep.npz:test#17 --temperature 0.2 0.4 0.6 0.8 -o four.svg\n"
      "  limn reconstruct runs/digits --in data/mnist:test -n 20 -o digits.png\n"
      "  limn reconstruct runs/draw --in data/mnist:test#3 -o watch.gif\n");
  command.set_action([a, command, &registry] { reconstruct(*a, command, registry); });
}

}  // namespace limn::app
