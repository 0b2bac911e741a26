// The steps of a run: where losses and gradients are computed, and what applies them. On the CPU limn's own kernels do
// (host_steps), on any other device the optional module on LibTorch does (device_steps). One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "limn/models/network_passes.hpp"
#include "limn/models/training.hpp"
#include "limn/train/options.hpp"
#include "limn/train/process_group.hpp"
#include "limn/train/training_state.hpp"
#include "limn/train/weight_average.hpp"

namespace limn::train {

// A gradient of this norm counts as not finite: the squares that Adam averages would not fit into float32.
inline constexpr double kLongestGradient = 1e18;

struct StepOutcome {
  std::int64_t step = 0;  // its number, from 0 on
  models::StepResult result;
  double learning_rate = 0;
  double gradient_norm = 0;
  bool is_applied = false;  // false: loss, gradient or running means were not finite, and nothing has changed
};

// The agreement of a run's processes at a step.
struct Agreement {
  bool stops = false;        // one of them wants to stop
  std::int64_t planned = 0;  // a better plan's number of steps, or 0
};

// The trained values of a run, in the host's memory. All must outlive the steps.
struct HostState {
  models::TrainingTask& task;
  std::vector<Moments>& moments;
  WeightAverage& average;
};

class Steps {
 public:
  virtual ~Steps() = default;

  // Computes step `step` of this process's share of the batch, adds up over the processes and applies it. May return
  // before the step is done. `mine` says what this process wants, once its gradients are computed or under way.
  virtual Agreement take(std::int64_t step, double learning_rate, const std::function<Agreement()>& mine) = 0;
  // The outcomes of the steps since the last call, in order; waits for them.
  [[nodiscard]] virtual std::vector<StepOutcome> outcomes() = 0;
  // Steps whose outcomes were not asked for.
  [[nodiscard]] virtual std::int64_t pending() const = 0;
  // Whether outcomes should be asked for after each step, since they are there anyway.
  [[nodiscard]] virtual bool is_prompt() const = 0;
  // Makes the host's state that of the steps so far, with the gradients of the last one.
  virtual void to_host() = 0;
  // The networks with the weights that are validated (the average, where there is one), as they are at each call; they
  // must not outlive the steps. Null: limn's kernels compute them, from the task's weights.
  [[nodiscard]] virtual std::unique_ptr<models::NetworkPasses> passes() { return nullptr; }
  // Continues from the host's state, after `updates` steps that were applied.
  virtual void from_host(std::int64_t updates) = 0;
};

// By limn's kernels. `group` may be null.
[[nodiscard]] std::unique_ptr<Steps> make_host_steps(const HostState& state, const TrainOptions& options,
                                                     ProcessGroup* group);
// By LibTorch on the device that it knows by this name. Throws Error where the module or the device is not there, or
// the family is none of limn's own.
[[nodiscard]] std::unique_ptr<Steps> make_device_steps(const HostState& state, const TrainOptions& options,
                                                       ProcessGroup* group, const std::string& device);

}  // namespace limn::train
