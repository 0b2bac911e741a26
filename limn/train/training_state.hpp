// checkpoints/state.safetensors: everything that a killed run needs to continue bit for bit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "limn/core/metrics.hpp"
#include "limn/core/safetensors.hpp"
#include "limn/models/training.hpp"
#include "limn/train/weight_average.hpp"

namespace limn::train {

// Adam's, of one tensor.
struct Moments {
  std::vector<float> first, second;
};

// The state of a run besides weights and moments.
struct Position {
  std::int64_t step = 0;     // the next step
  std::int64_t updates = 0;  // Adam steps applied: a step that is not finite is not
  double best_total = 0;
  std::int64_t best_step = -1;  // -1: not validated yet
  Metrics best_metrics = {};    // the figures of the best model on validation
  double rate_factor = 1;       // halved each time the run goes back
  std::int64_t setbacks = 0;    // times gone back since the last new best
};

struct TrainingState {
  Position at;
  Metrics last_metrics;  // of the last validation
  std::string data;      // fingerprint of what it was trained on; empty in states of 0.1.0
  std::string device;    // that trained it last, as LibTorch names it; empty: limn's kernels on the CPU
  double seconds = 0;    // of training, validation and saving so far, in a run that is planned by time
};

[[nodiscard]] std::vector<Moments> zero_moments(const models::TrainingTask& task);

// Whole or not at all, as write_safetensors().
void write_state(const std::filesystem::path& path, const models::TrainingTask& task,
                 const std::vector<Moments>& moments, const WeightAverage& average, const TrainingState& state,
                 std::int64_t seed);

// Fills the task's weights and buffers, the moments, and the average where the state has one. States of 0.1.0 lack the
// figures of the best model: `best_metrics` gives them then. Throws Error for a file that is not a state, is damaged,
// or is of other layers.
[[nodiscard]] TrainingState read_state(const std::filesystem::path& path, models::TrainingTask& task,
                                       std::vector<Moments>& moments, WeightAverage& average,
                                       const std::function<Metrics()>& best_metrics);

}  // namespace limn::train
