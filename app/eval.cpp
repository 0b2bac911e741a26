// limn eval: the losses of a model on a split. docs/papers says what each figure is.
#include <fmt/ranges.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "app/commands.hpp"
#include "app/common_options.hpp"
#include "app/option_abilities.hpp"
#include "app/printing.hpp"
#include "app/reading_options.hpp"
#include "app/recorded_data.hpp"
#include "app/shell_word.hpp"
#include "app/threads.hpp"
#include "limn/core/error.hpp"
#include "limn/core/json.hpp"
#include "limn/models/network_passes.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_model.hpp"
#include "limn/runs/run_config.hpp"
#include "limn/train/device.hpp"
#include "limn/train/device_passes.hpp"

namespace limn::app {
namespace {

constexpr std::size_t kLongestList = 400;  // of names, in a message

struct EvalArguments {
  std::string model;
  std::vector<std::string> data;
  std::string split = "test";
  std::string latent = "sample";
  std::uint64_t seed = 0;
  std::int64_t samples = 1;
  double temperature = 0.4;
  models::SigmaTemperature sigma_temperature = models::SigmaTemperature::kSqrt;
  models::PriorKind prior = models::PriorKind::kUsual;
  std::int64_t importance_samples = 0;
  std::string device = "auto";
  std::vector<std::string> settings;  // name=value
  int threads = 0;
  bool is_json = false;
};

// The figures of new drawings, in words.
const std::map<std::string, std::string> kMeanings{
    {"blank_share", "of the new drawings, no stroke; lower is better"},
    {"length_limit_share", "of the new drawings, cut at the longest the model draws; lower is better"},
    {"compared", "new drawings, with as many of the split"},
    {"precision", "share of the new drawings that look like some of the split; higher is better"},
    {"recall", "share of the split that looks like some new drawings; higher is better"},
    {"density", "how many of the split a new drawing is near, 1 for more of the same; higher is better"},
    {"coverage", "share of the split that a new drawing is near, 0.97 for more of the same; higher is better"},
};

void add_figures(OrderedJson& out, const models::SampleEvaluation& e) {
  const auto share = [&e](std::int64_t count) { return static_cast<double>(count) / static_cast<double>(e.count); };
  out["new_drawings"] = e.count;
  out["blank_share"] = share(e.blank);
  out["length_limit_share"] = share(e.cut_short);
  out["compared"] = e.compared;
  out["precision"] = e.figures.precision;
  out["recall"] = e.figures.recall;
  out["density"] = e.figures.density;
  out["coverage"] = e.figures.coverage;
}

void print_figures(OrderedJson out, const EvalArguments& a, const std::vector<std::string>& data) {
  if (a.is_json) {
    print("{}\n", json_text(out));
    return;
  }
  out["data"] = printable(fmt::format("{}", fmt::join(data, " ")), kLongestList);
  for (const auto& [name, value] : out.items()) {
    const std::string text = value.is_number_float() ? fmt::format("{:.6f}", value.get<double>())
                             : value.is_string()     ? value.get<std::string>()
                                                     : json_text(value);
    const auto meaning = kMeanings.find(name);
    if (meaning == kMeanings.end())
      print("{:<29} {}\n", name, text);
    else
      print("{:<29} {:<9} {}\n", name, text, meaning->second);
  }
}

// --samples is of new drawings where the model draws sketches, and the options of drawing go with it.
void check_drawing_options(const Command& command, const models::Model& model) {
  check_options(command, model, models::Ability::kImportanceSamples, {"--importance-samples"});
  check_options(command, model, models::Ability::kTemperature, {"--temperature", "--sigma-temperature"});
  for (const char* option : {"--temperature", "--sigma-temperature", "--prior"}) {
    if (!command.has(option)) continue;
    require(model.as_sketch_model() != nullptr, "{}: is for the new drawings of models of sketches; leave it out",
            option);
    require(command.has("--samples"), "{}: is for new drawings; say how many with --samples", option);
  }
}

void evaluate(const EvalArguments& a, const Command& command, const models::Registry& registry) {
  use_threads(a.threads);
  const Split split = split_named(a.split);
  const Reading reading = reading_of(a.settings);
  const train::Device device = train::choose_device(a.device);
  models::Checkpoint checkpoint = registry.read(a.model);
  const auto model = registry.make(device.name.empty() ? std::move(checkpoint) : checkpoint);
  check_reading(reading, model->content(), a.model);
  check_drawing_options(command, *model);
  check_options(command, *model, models::Ability::kEvaluateMean, {"--latent"});
  const models::SketchModel* const sketches = model->as_sketch_model();
  require(a.latent != "mean" || !command.has("--samples") || sketches != nullptr,
          "--samples: the mean of z is one; leave it out, or --latent mean");
  const models::Family& family = registry.family_named(model->checkpoint().model, a.model);
  const std::vector<std::string> data =
      data_or_built_in(a.data, model->checkpoint(), a.model, family, "it shall be evaluated");
  if (!device.remark.empty()) say("{}\n", device.remark);
  const auto passes = device.name.empty() ? nullptr : train::make_device_passes(checkpoint, device.name);
  std::optional<models::SampleEvaluation> samples;
  if (sketches != nullptr && command.has("--samples"))
    samples = sketches->evaluate_samples({.data = data,
                                          .split = split,
                                          .count = a.samples,
                                          .drawing = {.temperature = a.temperature,
                                                      .sigma_temperature = a.sigma_temperature,
                                                      .seed = a.seed,
                                                      .prior = a.prior},
                                          .absolute = reading.absolute,
                                          .damaged = reading.damaged});
  const models::Evaluation evaluation = model->evaluate({.data = data,
                                                         .split = split,
                                                         .seed = a.seed,
                                                         .uses_mean = a.latent == "mean",
                                                         .samples = a.samples,
                                                         .importance_samples = a.importance_samples,
                                                         .absolute = reading.absolute,
                                                         .damaged = reading.damaged,
                                                         .passes = passes.get()});
  say_notes(evaluation.notes);
  OrderedJson out{{"data", data}, {"split", a.split}, {"n", evaluation.n}};
  for (const auto& [name, value] : evaluation.losses) out[name] = value;
  for (const auto& [name, count] : evaluation.counts) out[name] = count;
  if (samples) add_figures(out, *samples);
  print_figures(std::move(out), a, data);
}

}  // namespace

void add_eval(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("eval", "the losses of a model on a data set");
  auto a = std::make_shared<EvalArguments>();
  add_model(command, a->model);
  command.add("--data", &a->data, "data set [the built-in one that the model was trained on]").named("PATH");
  command.add("--split", &a->split, "which part of the data")
      .one_of({kSplitNames.begin(), kSplitNames.end()})
      .shows_default();
  command
      .add("--latent", &a->latent, "z of each drawing: sample draws from --seed, mean takes mu (of sketches and VAEs)")
      .one_of({"sample", "mean"})
      .shows_default();
  command.add("--seed", &a->seed, "of the latent noise, and of new drawings as in limn sample").shows_default();
  command
      .add("--samples", &a->samples,
           "of sketches: new drawings to compare with the split, 500 say much; of images: draws of z per image that "
           "the losses are the mean over")
      .whole_number(1, 1000000);
  add_temperature(command, a->temperature, a->sigma_temperature);
  add_prior(command, a->prior);
  command
      .add("--importance-samples", &a->importance_samples,
           "of images: K draws of z per image for a closer estimate of -log p(x)")
      .whole_number(1, 1000000);
  add_reading_settings(command, a->settings);
  command.add("--device", &a->device, train::device_help()).shows_default();
  command.add("--threads", &a->threads, "threads to use [OMP_NUM_THREADS or all cores]").whole_number(1, 1024);
  command.add("--json", &a->is_json, "one JSON object");
  command.set_footer(
      "\nreconstruction_shuffled_z is the reconstruction loss with every sketch decoded from the z of another.\n"
      "If it is as low as reconstruction, the decoder ignores z (posterior collapse).\n"
      "With --samples N a model of sketches draws N new ones. precision, recall, density and coverage say how they lie "
      "among\n"
      "as many drawings of the split, of which it compares the ink: where it is and in which direction, in the "
      "drawing's own\n"
      "box, by the modified Hausdorff distance. That needs no other model, and order and number of strokes do not "
      "count.\n"
      "Of images all figures are per image in nats: total = nats = reconstruction + kl bounds -log p(x) from above,\n"
      "importance_weighted (Burda et al. 2015) comes nearer to it as K grows.\n"
      "With --device new drawings of --samples are drawn on the CPU all the same.\n"
      "\nExamples:\n  limn eval runs/doodles --data builtin:doodles --split test --json\n"
      "  limn eval runs/doodles --data builtin:doodles --samples 500 --temperature 0.4\n"
      "  limn eval runs/digits --data data/mnist --importance-samples 50\n");
  command.set_action([a, command, &registry] { evaluate(*a, command, registry); });
}

}  // namespace limn::app
