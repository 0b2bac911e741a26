// limn eval: the losses of a model on a split (docs/papers/).
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "app/image_commands.hpp"
#include "limn/core/error.hpp"
#include "limn/models/sketch_rnn/checkpoint.hpp"
#include "limn/models/sketch_rnn/evaluation.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::app {
namespace {

struct EvalArguments {
  std::string model;
  std::vector<std::string> data;
  std::string split = "test";
  std::string latent = "sample";
  std::uint64_t seed = 0;
  std::int64_t samples = 1;
  std::int64_t importance_samples = 0;
  int threads = 0;
  bool is_json = false;
};

// The data set under the filter that the model was trained with, in the model's units.
StrokeDataset load_data(const EvalArguments& a, const SketchRnnCheckpoint& checkpoint) {
  StrokeDataOptions options;
  options.max_seq_len = checkpoint.max_seq_len;
  return StrokeDataset::load(a.data.empty() ? std::vector<std::string>{"builtin:doodles"} : a.data, options,
                             checkpoint.scale_factor);
}

void print(const SketchRnnEvaluation& e, const EvalArguments& a) {
  nlohmann::ordered_json out{{"split", a.split},
                             {"n", e.n},
                             {"reconstruction", e.reconstruction},
                             {"kl", e.kl},
                             {"total", e.total},
                             {"reconstruction_training_form", e.reconstruction_training_form},
                             {"offset", e.offset},
                             {"pen", e.pen}};
  if (e.reconstruction_shuffled_z) out["reconstruction_shuffled_z"] = *e.reconstruction_shuffled_z;
  if (a.is_json) {
    fmt::print("{}\n", out.dump());
    return;
  }
  for (const auto& [name, value] : out.items())
    fmt::print("{:<29} {}\n", name, value.is_number_float() ? fmt::format("{:.6f}", value.get<double>())
                                    : value.is_string()     ? value.get<std::string>()
                                                            : value.dump());
}

void evaluate_sketches(const EvalArguments& a) {
  const Split split = split_named(a.split);
  const auto checkpoint = load_sketch_rnn(a.model);
  const auto data = load_data(a, checkpoint);
  require(data.size(split) > 0, "{}: the {} split is empty; choose another --split", data.name(), a.split);
  print(evaluate(sketch_rnn_weights(checkpoint), data, split,
                 {.max_seq_len = checkpoint.max_seq_len,
                  .seed = a.seed,
                  .uses_mean = a.latent == "mean",
                  .with_shuffled_z = checkpoint.options.conditional}),
        a);
}

}  // namespace

void add_eval(CLI::App& app) {
  auto* command = app.add_subcommand("eval", "the losses of a model on a data set");
  auto a = std::make_shared<EvalArguments>();
  command->add_option("MODEL", a->model, "run directory, .safetensors file or Magenta .json model")->required();
  command->add_option("--data", a->data, "data set [builtin:doodles, of images builtin:shapes]")->type_name("PATH");
  command->add_option("--split", a->split, "train, valid or test")->capture_default_str();
  command->add_option("--latent", a->latent, "z: sample draws one a sketch from --seed, mean takes mu")
      ->check(CLI::IsMember({"sample", "mean"}))
      ->capture_default_str();
  command->add_option("--seed", a->seed, "of the latent noise")->capture_default_str();
  command->add_option("--samples", a->samples, "of images: draws of z an image that the losses are the mean over")
      ->check(whole_number(1, 1000000));
  command->add_option("--importance-samples", a->importance_samples,
                      "of images: K draws of z an image for a closer estimate of -log p(x)")
      ->check(whole_number(1, 1000000));
  command->add_option("--threads", a->threads, "threads to use [OMP_NUM_THREADS or all cores]")->check(whole_number(1, 1024));
  command->add_flag("--json", a->is_json, "one JSON object");
  command->footer("\nreconstruction_shuffled_z is the reconstruction loss with every sketch decoded from the z of another:\n"
                  "if it is no worse than reconstruction, the decoder ignores z (posterior collapse).\n"
                  "Of images all figures are per image in nats: total = nats = reconstruction + kl bounds -log p(x) from above,\n"
                  "importance_weighted (Burda et al. 2015) comes nearer to it as K grows.\n"
                  "\nExample:\n  limn eval runs/doodles --data builtin:doodles --split test --json\n"
                  "  limn eval runs/digits --data mnist --importance-samples 50\n");
  command->callback([a, command] {
    kernels::set_thread_count(a->threads);
    if (!draws_images(a->model)) {
      require(a->importance_samples == 0, "--importance-samples: is for models that draw images; leave it out");
      require(a->samples == 1, "--samples: is for models that draw images; leave it out");
      return evaluate_sketches(*a);
    }
    refuse_sketch_options(*command, {"--latent"});
    evaluate_images({.model = a->model,
                     .data = a->data,
                     .split = a->split,
                     .seed = a->seed,
                     .samples = a->samples,
                     .importance_samples = a->importance_samples,
                     .is_json = a->is_json});
  });
}

}  // namespace limn::app
