#include "limn/train/options.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

namespace limn::train {

std::vector<OptionField> fields(TrainOptions& o) {
  constexpr double kMany = 1e15;
  return {
      {"num_steps", &o.num_steps, "training steps in all", {}, 1, kMany},
      {"train_for", &o.train_for, "time to train for, as 30m or 2h, instead of num_steps"},
      {"schedule",
       &o.schedule,
       "of learning rate and KL weight: plan fits them to the run's length",
       {"plan", "exponential"}},
      {"batch_size", &o.batch_size, "examples per step", {}, 1, 1e6},
      {"learning_rate", &o.learning_rate, "Adam's largest step size", {}, 0, 1e6},
      {"decay_rate", &o.decay_rate, "factor on the learning rate per step, of schedule=exponential", {}, 0, 1},
      {"min_learning_rate", &o.min_learning_rate, "what the learning rate falls to", {}, 0, 1e6},
      {"adam_beta1", &o.adam_beta1, "decay of Adam's first moment", {}, 0, 0.999999},
      {"average_weights", &o.average_weights, "validate, draw and keep a running average of the weights"},
      {"average_eta", &o.average_eta, "its eta: about the last 1/(eta + 2) of the steps count", {}, 0, 1e6},
      {"grad_clip", &o.grad_clip, "largest gradient element or norm", {}, 0, 1e9},
      {"grad_clip_mode", &o.grad_clip_mode, "what grad_clip bounds", {"value", "norm", "none"}},
      {"grad_clip_scope", &o.grad_clip_scope, "whose norm grad_clip bounds", {"all", "module", "tensor"}},
      {"seed", &o.seed, "of every random number of the run", {}, 0, 9e18},
      {"save_every", &o.save_every, "steps between checkpoints", {}, 1, kMany},
      {"valid_every", &o.valid_every, "steps between validations", {}, 1, kMany},
      {"test_every", &o.test_every, "steps between losses on the test split, 0 for none", {}, 0, kMany},
      {"sample_every", &o.sample_every, "steps between sample pictures, 0 for none", {}, 0, kMany},
      {"sample_grid",
       &o.sample_grid,
       "also save grids of so many drawings a side with each sample picture, 0 for none",
       {},
       0,
       64},
      {"keep_checkpoints", &o.keep_checkpoints, "numbered checkpoints kept beside best and last", {}, 0, 1e6},
      {"fit_prior", &o.fit_prior, "fit a prior to the training drawings' z with each checkpoint"},
      {"log_every", &o.log_every, "steps between lines of metrics.jsonl", {}, 1, kMany},
      {"precision", &o.precision, "of matrix products", {"f32", "bf16"}},
  };
}

double learning_rate_at(const TrainOptions& o, std::int64_t step, std::int64_t num_steps) {
  const double height = o.learning_rate - o.min_learning_rate;
  if (!is_planned(o)) return height * std::pow(o.decay_rate, static_cast<double>(step)) + o.min_learning_rate;
  constexpr std::int64_t kLongestWarmUp = 100;
  const std::int64_t warm_up = std::min(kLongestWarmUp, num_steps / 10);
  if (step < warm_up) return o.learning_rate * static_cast<double>(step + 1) / static_cast<double>(warm_up);
  const double length = static_cast<double>(std::max<std::int64_t>(1, num_steps - warm_up));
  const double share = std::min(1.0, static_cast<double>(step - warm_up) / length);
  return height * 0.5 * (1 + std::cos(std::numbers::pi * share)) + o.min_learning_rate;
}

std::vector<std::string> implied_settings(std::span<const std::string> assignments) {
  const auto sets = [&](std::string_view name) {
    return std::ranges::any_of(assignments, [&](std::string_view a) { return a.substr(0, a.find('=')) == name; });
  };
  std::vector<std::string> implied;
  if (sets("num_steps") && !sets("train_for")) implied.emplace_back("train_for=");
  if ((sets("decay_rate") || sets("kl_decay_rate")) && !sets("schedule")) implied.emplace_back("schedule=exponential");
  return implied;
}

kernels::ClipMode clip_mode(const TrainOptions& o) {
  if (o.grad_clip_mode == "norm") return kernels::ClipMode::kNorm;
  return o.grad_clip_mode == "value" ? kernels::ClipMode::kValue : kernels::ClipMode::kNone;
}

std::string clip_group(const TrainOptions& o, const std::string& tensor) {
  if (o.grad_clip_scope == "tensor") return tensor;
  return o.grad_clip_scope == "module" ? tensor.substr(0, tensor.find('.')) : "";
}

}  // namespace limn::train
