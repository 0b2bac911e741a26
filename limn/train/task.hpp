// What the trainer needs of a model and its data. A task computes losses and gradients, judges itself on a split,
// and writes its checkpoints and pictures; the trainer knows nothing of strokes or pixels, and no LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "limn/core/metrics.hpp"
#include "limn/core/safetensors.hpp"
#include "limn/core/split.hpp"
#include "limn/train/process_group.hpp"

namespace limn {

struct TaskParameter {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<float> value;
  std::span<float> gradient;  // of the last step; same address for the task's life
};

struct StepResult {
  Metrics losses;                     // "total" is what the gradients are of
  std::vector<std::int64_t> indices;  // of the batch's examples, for reports
};

// All values that a layer put out on some examples.
struct LayerOutput {
  std::string name;
  std::vector<float> values;
};

class Task {
 public:
  virtual ~Task() = default;

  [[nodiscard]] virtual std::span<const TaskParameter> parameters() const = 0;
  // Loss and gradients of training step `step`: a pure function of (parameters, seed, step).
  [[nodiscard]] virtual StepResult compute_gradients(std::int64_t step) = 0;
  // The evaluation losses of a split, with "total" as the figure of merit; empty if the split is.
  [[nodiscard]] virtual Metrics evaluate(Split split, std::int64_t step) = 0;
  // Writes a checkpoint that `limn sample` and the others read.
  virtual void write_checkpoint(const std::filesystem::path& path, std::int64_t step, const Metrics& metrics) = 0;
  // Draws into `stem` + ".svg" or ".png"; returns the files.
  virtual std::vector<std::filesystem::path> draw_samples(const std::filesystem::path& stem, std::int64_t step) = 0;
  [[nodiscard]] virtual std::int64_t steps_per_epoch() const = 0;
  // What encoder, decoder and heads put out on a few examples, always the same, with the weights as they are.
  [[nodiscard]] virtual std::vector<LayerOutput> layer_outputs(std::int64_t) { return {}; }
  // Buffers that training changes without gradients (running means), saved beside the parameters.
  [[nodiscard]] virtual std::span<const TaskParameter> buffers() const { return {}; }

  // Makes this one of several processes, before the first step. compute_gradients() then takes the group's share of
  // each batch, and its losses and gradients are parts whose sums over the processes are those of the whole batch.
  // The group must outlive the task's use.
  void join(ProcessGroup& group) { group_ = &group; }

 protected:
  [[nodiscard]] BatchShare share() const { return group_ ? group_->share() : BatchShare{}; }
  // A value over all processes, from each one's part.
  [[nodiscard]] double over_all(double part) const { return group_ ? group_->sum(part) : part; }

 private:
  ProcessGroup* group_ = nullptr;
};

}  // namespace limn
