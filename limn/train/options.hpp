// How a run is trained, whatever the model: names and defaults are Magenta's where Magenta has one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "limn/core/options.hpp"
#include "limn/kernels/optimiser/adam.hpp"

namespace limn::train {

struct TrainOptions {
  std::int64_t num_steps = 10'000'000;   // steps of the whole run; Ctrl-C and --resume make any number practical
  std::string train_for = {};            // a time as "30m" instead of num_steps; "": num_steps counts
  std::string schedule = "exponential";  // of learning rate and KL weight: exponential by the step, or plan: fitted to
                                         // the length of the run
  std::int64_t batch_size = 100;
  double learning_rate = 1e-3;      // at step 0
  double decay_rate = 0.9999;       // of the learning rate, a step; of the exponential schedule
  double min_learning_rate = 1e-5;  // what it decays to
  double adam_beta1 = 0.9;
  bool average_weights = false;          // validate, draw and keep an average of the weights (weight_average.hpp)
  double average_eta = 8;                // its η: about the last 1 / (η + 2) of the steps count
  double grad_clip = 1.0;                // bound of gradient elements or of the gradient's norm
  std::string grad_clip_mode = "value";  // value, norm or none
  std::string grad_clip_scope = "all";   // whose norm: of all gradients, of each module's, or of each tensor's
  std::int64_t seed = 1;
  std::int64_t save_every = 500;      // steps between checkpoints
  std::int64_t valid_every = 500;     // steps between validations
  std::int64_t test_every = 0;        // steps between figures of the test split; 0 for none
  std::int64_t sample_every = 1000;   // steps between sample pictures; 0 for none
  std::int64_t sample_grid = 0;       // side of the grids of drawings that are saved beside each; 0 for none
  std::int64_t keep_checkpoints = 0;  // numbered checkpoints that are kept beside best and last
  std::int64_t log_every = 10;        // steps between lines of metrics.jsonl
  bool fit_prior = true;              // a density of z with each checkpoint, where the model has one to fit
  std::string precision = "f32";      // f32 or bf16
};
[[nodiscard]] std::vector<OptionField> fields(TrainOptions& options);

// The learning rate of a step, 0, 1, …, of a run that is planned for `num_steps`. The exponential schedule is Magenta's
// (docs/papers/training.md): (η_0 - η_min) · decay_rate^step + η_min. That of a plan rises in a straight line over
// min(100, num_steps / 10) steps and falls to η_min along half a cosine (Loshchilov & Hutter, arXiv 1608.03983, eq. 5).
[[nodiscard]] double learning_rate_at(const TrainOptions& options, std::int64_t step, std::int64_t num_steps);
[[nodiscard]] inline bool is_planned(const TrainOptions& options) { return options.schedule == "plan"; }
// Further settings that "name=value" texts mean: a number of steps takes the place of a time, and a decay per step that
// of a plan, unless they say otherwise.
[[nodiscard]] std::vector<std::string> implied_settings(std::span<const std::string> assignments);
[[nodiscard]] kernels::ClipMode clip_mode(const TrainOptions& options);
// The name under which a tensor's gradient is clipped: one for all, "encoder" of "encoder.mu.weight", or its own.
[[nodiscard]] std::string clip_group(const TrainOptions& options, const std::string& tensor);

}  // namespace limn::train
