// limn sample: new drawings.
#include <algorithm>
#include <memory>

#include "app/commands.hpp"
#include "app/common_options.hpp"
#include "app/drawing_output.hpp"
#include "app/option_abilities.hpp"
#include "app/plotter_options.hpp"
#include "app/printing.hpp"
#include "limn/core/error.hpp"
#include "limn/models/latent_planes.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_model.hpp"

namespace limn::app {
namespace {

constexpr std::int64_t kFramesALeg = 12;  // of a walk from one drawing to the next

struct SampleArguments {
  std::string model;
  std::int64_t count = 16;
  std::vector<double> temperatures{0.4};
  models::SigmaTemperature sigma_temperature = models::SigmaTemperature::kSqrt;
  bool is_greedy = false;
  std::string precision = "f32";
  bool shows_steps = false;
  models::PriorKind prior = models::PriorKind::kUsual;
  bool skips_blank = false;
  std::uint64_t seed = 1;
  std::string out = "samples.svg";
  render::GcodeOptions plotter = {};
};

// Says how many new sketches are blank, and how many were cut.
void say_failures(const models::Model& model, const models::Drawings& drawings) {
  const models::SketchModel* const sketches = model.as_sketch_model();
  if (sketches == nullptr) return;
  const auto blank = std::ranges::count_if(drawings.sketches, sketch::is_blank);
  if (blank > 0)
    say("limn: note: {} of {} drawings are blank; --skip-blank draws others in their place\n", blank, drawings.count());
  if (drawings.cut_short > 0)
    say("limn: note: {} of {} drawings ran into the model's limit of {} points\n", drawings.cut_short, drawings.count(),
        sketches->max_seq_len());
}

// Canvases as they grow, or a walk through latent space.
void sample_in_motion(const models::Model& model, const SampleArguments& a) {
  model.need(models::Ability::kDecode, "choose .svg or .png");
  const models::Latents z = model.prior_latents(a.count, a.seed, 0, a.prior);
  if (model.can(models::Ability::kSteps)) return save_steps(a.out, model.steps_from(z));
  save_grid(a.out, model.draw_latents(models::closed_walk(z, kFramesALeg), {.seed = a.seed}));
}

void sample_at_rest(const models::Model& model, const SampleArguments& a) {
  const bool is_sweep = a.temperatures.size() > 1;
  models::Drawings drawings;
  render::Sheet sheet;
  for (const double temperature : a.temperatures) {
    // The same seed in each row: only the temperature differs.
    append(drawings, model.draw(a.count, {.temperature = temperature,
                                          .sigma_temperature = a.sigma_temperature,
                                          .is_greedy = a.is_greedy,
                                          .seed = a.seed,
                                          .prior = a.prior,
                                          .skips_blank = a.skips_blank}));
    sheet.row_headings.push_back(fmt::format("τ = {:g}", temperature));
  }
  say_failures(model, drawings);
  if (!is_sweep) return save_grid(a.out, drawings, 0, {.plotter = a.plotter});
  sheet.columns = static_cast<int>(a.count);
  sheet.cells = cells_of(drawings);
  save_drawings(a.out, sheet, drawings, {.plotter = a.plotter});
}

void sample(const SampleArguments& a, const Command& command, const models::Registry& registry) {
  const auto model = registry.load(a.model);
  model->set_precision(a.precision);
  check_output(a.out, model->content());
  check_plotter_options(a.plotter, a.out);
  check_temperature_options(command, *model);
  check_options(command, *model, models::Ability::kSteps, {"--steps-shown"});
  require(!a.skips_blank || model->as_sketch_model() != nullptr,
          "--skip-blank: is for models that draw strokes; leave it out");
  if (a.shows_steps || (model->content() == models::Content::kImages && is_animation(a.out)))
    sample_in_motion(*model, a);
  else
    sample_at_rest(*model, a);
}

}  // namespace

void add_sample(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("sample", "new drawings from a model");
  auto a = std::make_shared<SampleArguments>();
  add_model(command, a->model);
  command.add("-n,--count", &a->count, "drawings (of each temperature); stations of an image walk")
      .whole_number(1, 100000)
      .shows_default();
  add_temperatures(command, a->temperatures, a->sigma_temperature, "how varied; several make a row each");
  command.add("--greedy", &a->is_greedy, "always the likeliest point");
  add_precision(command, a->precision);
  add_prior(command, a->prior);
  command.add("--skip-blank", &a->skips_blank, "of sketches: draw others in the place of blank ones");
  command.add("--steps-shown", &a->shows_steps, "of a DRAW model: the canvas after every step");
  command.add("--seed", &a->seed, "another number, other drawings").shows_default();
  command.add("-o,--out", &a->out, drawing_output_help()).shows_default();
  add_plotter_options(command, a->plotter);
  command.set_footer(
      "\nA model that draws images has no temperature: z is drawn from the prior. Its .gif walks through latent space "
      "from each\n"
      "drawing to the next and back to the first; of a DRAW model it shows the canvases growing.\n"
      "\nExamples:\n  limn sample runs/doodles -n 16 --temperature 0.4 -o sheet.png\n"
      "  limn sample runs/doodles -n 8 --temperature 0.2 0.4 0.6 0.8 -o sweep.svg\n"
      "  limn sample runs/digits -n 8 -o walk.gif\n"
      "  limn sample runs/draw -n 2 --steps-shown -o steps.png\n");
  command.set_action([a, command, &registry] { sample(*a, command, registry); });
}

}  // namespace limn::app
