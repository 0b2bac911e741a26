// limn eval: the losses of a model on a split. docs/papers says what each figure is.
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>

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
#include "limn/models/registry.hpp"
#include "limn/runs/run_config.hpp"

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
  std::int64_t importance_samples = 0;
  std::vector<std::string> settings;  // name=value
  int threads = 0;
  bool is_json = false;
};

void print_losses(const models::Evaluation& e, const EvalArguments& a, const std::vector<std::string>& data) {
  OrderedJson out{{"data", data}, {"split", a.split}, {"n", e.n}};
  for (const auto& [name, value] : e.losses) out[name] = value;
  for (const auto& [name, count] : e.counts) out[name] = count;
  if (a.is_json) {
    print("{}\n", json_text(out));
    return;
  }
  out["data"] = printable(fmt::format("{}", fmt::join(data, " ")), kLongestList);
  for (const auto& [name, value] : out.items())
    print("{:<29} {}\n", name,
          value.is_number_float() ? fmt::format("{:.6f}", value.get<double>())
          : value.is_string()     ? value.get<std::string>()
                                  : json_text(value));
}

void evaluate(const EvalArguments& a, const Command& command, const models::Registry& registry) {
  use_threads(a.threads);
  const Split split = split_named(a.split);
  const Reading reading = reading_of(a.settings);
  const auto model = registry.load(a.model);
  check_reading(reading, model->content(), a.model);
  check_options(command, *model, models::Ability::kImportanceSamples, {"--samples", "--importance-samples"});
  check_options(command, *model, models::Ability::kEvaluateMean, {"--latent"});
  require(a.latent != "mean" || !command.has("--samples"),
          "--samples: the mean of z is one; leave it out, or --latent mean");
  const models::Family& family = registry.family_named(model->checkpoint().model, a.model);
  const std::vector<std::string> data =
      data_or_built_in(a.data, model->checkpoint(), a.model, family, "it shall be evaluated");
  const models::Evaluation evaluation = model->evaluate({.data = data,
                                                         .split = split,
                                                         .seed = a.seed,
                                                         .uses_mean = a.latent == "mean",
                                                         .samples = a.samples,
                                                         .importance_samples = a.importance_samples,
                                                         .absolute = reading.absolute,
                                                         .damaged = reading.damaged});
  say_notes(evaluation.notes);
  print_losses(evaluation, a, data);
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
  command.add("--seed", &a->seed, "of the latent noise").shows_default();
  command.add("--samples", &a->samples, "of images: draws of z per image that the losses are the mean over")
      .whole_number(1, 1000000);
  command
      .add("--importance-samples", &a->importance_samples,
           "of images: K draws of z per image for a closer estimate of -log p(x)")
      .whole_number(1, 1000000);
  add_reading_settings(command, a->settings);
  command.add("--threads", &a->threads, "threads to use [OMP_NUM_THREADS or all cores]").whole_number(1, 1024);
  command.add("--json", &a->is_json, "one JSON object");
  command.set_footer(
      "\nreconstruction_shuffled_z is the reconstruction loss with every sketch decoded from the z of another.\n"
      "If it is as low as reconstruction, the decoder ignores z (posterior collapse).\n"
      "Of images all figures are per image in nats: total = nats = reconstruction + kl bounds -log p(x) from above,\n"
      "importance_weighted (Burda et al. 2015) comes nearer to it as K grows.\n"
      "\nExample:\n  limn eval runs/doodles --data builtin:doodles --split test --json\n"
      "  limn eval runs/digits --data data/mnist --importance-samples 50\n");
  command.set_action([a, command, &registry] { evaluate(*a, command, registry); });
}

}  // namespace limn::app
