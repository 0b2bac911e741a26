// The interface between training, and a model with its data. A task computes losses and gradients, judges itself on a
// split, and gives its checkpoints and sample drawings. The trainer (limn/train) knows nothing of strokes or pixels.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "limn/core/epoch_plan.hpp"
#include "limn/core/metrics.hpp"
#include "limn/core/options.hpp"
#include "limn/core/split.hpp"
#include "limn/image/drawing_steps.hpp"
#include "limn/kernels/parameters.hpp"
#include "limn/kernels/precision.hpp"
#include "limn/models/checkpoint.hpp"
#include "limn/models/drawings.hpp"
#include "limn/models/shared_work.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn::models {

class NetworkPasses;

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

// A step's batch and noise as plain data, for whoever computes the step in place of compute_gradients().
struct StepInput {
  sketch::StrokeBatch strokes = {};        // of a model of sketches; its places and indices are below
  std::vector<float> pixels = {};          // of a model of images [B, C·H·W]
  std::vector<float> noise = {};           // ε [B, Z], for DRAW [B, T·Z]; empty where the model has no z
  std::vector<std::int64_t> places = {};   // of the examples in the whole batch [B]; empty: 0, 1, …
  std::vector<std::int64_t> indices = {};  // of the examples, for reports [B]
  std::int64_t loss_steps = 0;             // of a model of sketches: N of the divisor N · B
  std::int64_t planned_steps = 0;          // of the KL weight; 0: it follows the step alone
  double beta = 1;                         // of a VAE: weight of the KL term
  bool has_kl = true;                      // the losses have a figure "kl"
  Metrics further = {};                    // figures beside the losses: the KL weight
};

// All values that a layer put out on some examples.
struct LayerOutput {
  std::string name;
  std::vector<float> values;
};

// Drawings to look at while a model trains. Either may be empty.
inline constexpr const char* kNewDrawings = "new";  // the heading of drawings from the prior
struct SampleRow {
  std::string heading;
  Drawings drawings;
};
struct SampleSteps {
  std::string heading;  // of each drawing
  image::DrawingSteps steps;
  std::vector<float> originals;  // [n, C, H, W] of what is redrawn, or none
};
struct SampleDrawings {
  std::int64_t columns = 8;
  std::vector<SampleRow> rows = {};
  std::vector<SampleSteps> steps = {};
};

// Drawings for a square of a file of its own. Names are parts of file names: "given", "redrawn", "new".
struct SampleGrid {
  std::string name;
  Drawings drawings;
};

// Settings of a run that hold from its first step.
struct TaskSetting {
  std::int64_t batch_size = 100;  // B over all processes
  std::uint64_t seed = 1;
  kernels::Precision precision = kernels::Precision::kFloat32;
  bool fits_prior = true;  // for checkpoints and sample pictures, where the model can
  std::vector<std::string> data =
      {};  // the data sets' names, which the checkpoints keep; TrainingSetup::load() sets it
};

// How a task judges itself.
struct Judging {
  std::int64_t most = 0;            // the split's first so many examples; 0: all
  bool is_shared = false;           // among the processes of join(), which make the call together
  NetworkPasses* passes = nullptr;  // of the model with these weights, in place of limn's kernels
};

class TrainingTask {
 public:
  virtual ~TrainingTask() = default;

  [[nodiscard]] virtual std::span<const TaskParameter> parameters() const = 0;
  // Buffers that training changes without gradients (running means), saved beside the parameters.
  [[nodiscard]] virtual std::span<const TaskParameter> buffers() const { return {}; }
  // Loss and gradients of training step `step`: a pure function of (parameters, seed, step, planned steps).
  [[nodiscard]] virtual StepResult compute_gradients(std::int64_t step) = 0;
  // The inputs of that step. Throws Error for a family whose steps only its own task computes.
  [[nodiscard]] virtual StepInput step_input(std::int64_t step);
  // The evaluation losses of a split, "total" among them; empty if the split is. Shared or not, they have the same
  // bits.
  [[nodiscard]] virtual Metrics evaluate(Split split, std::int64_t step, const Judging& judging) = 0;
  // Such losses as one figure, weighed as training weighs them at that step: of two models the one with less is better.
  [[nodiscard]] virtual double objective(const Metrics& losses, std::int64_t) const { return metric(losses, "total"); }
  // By how many nats an example of the validation split is reconstructed better from its own z than from that of
  // another, a mean over some; near 0 the decoder ignores z. None without z, or where that is not known.
  [[nodiscard]] virtual std::optional<double> nats_of_latents() { return {}; }
  // The model as it is. training_config holds the data's options; the trainer adds its own.
  [[nodiscard]] virtual Checkpoint checkpoint(std::int64_t step, const Metrics& metrics) const = 0;
  // What fit_prior() gives for a checkpoint of this task; kept until the weights are others.
  [[nodiscard]] const std::optional<FittedPrior>& prior(const Checkpoint& checkpoint);
  // The same inputs and noise every time, so that pictures compare.
  [[nodiscard]] virtual SampleDrawings sample_drawings(std::int64_t step) = 0;
  // In the same way, at (step, count): `count` examples that training does not see, redrawn, and as many new drawings.
  // A model that draws step by step gives what is redrawn after each of its steps.
  [[nodiscard]] virtual std::vector<SampleGrid> sample_grids(std::int64_t, std::int64_t) { return {}; }
  [[nodiscard]] virtual std::int64_t steps_per_epoch() const = 0;
  // The outputs of encoder, decoder and heads on a few examples, always the same, with the weights as they are.
  [[nodiscard]] virtual std::vector<LayerOutput> layer_outputs(std::int64_t) { return {}; }
  // A text that differs where the data, or what the options make of them, differ: --resume compares it. "": not known.
  [[nodiscard]] virtual std::string data_fingerprint() const { return {}; }
  // A remark on the data with these options that may surprise a user, or "".
  [[nodiscard]] virtual std::string remark() const { return {}; }
  // Options that would make training on these data better or faster, a line each.
  [[nodiscard]] virtual std::vector<std::string> advice() const { return {}; }
  // What of the data was read otherwise than the files say, or left out, a line each.
  [[nodiscard]] virtual std::vector<std::string> notes() const { return {}; }

  // The number of steps that the run is planned for, from the next step on; 0: schedules of the model do not follow
  // one.
  void plan(std::int64_t num_steps) { planned_steps_ = num_steps; }

  // Makes this one of several processes, before the first step. compute_gradients() then takes `share` of each batch,
  // and its losses and gradients are parts whose sums over the processes are those of the whole batch. `among.sum` must
  // stay valid while the task is used.
  void join(WorkShare among) { among_ = std::move(among); }

 protected:
  // The density of z of the training split, or none where the model has none or the setting says so. Throws NotFinite
  // for a z that is not, another Error where data cannot be read.
  [[nodiscard]] virtual std::optional<FittedPrior> fit_prior(const Checkpoint&) { return {}; }
  [[nodiscard]] const BatchShare& share() const { return among_.share; }
  [[nodiscard]] std::int64_t planned_steps() const { return planned_steps_; }
  // A value over all processes, from each one's part.
  [[nodiscard]] double over_all(double part) const {
    if (among_.sum) among_.sum({&part, 1});
    return part;
  }
  // Among whom an evaluation is shared.
  [[nodiscard]] WorkShare sharing(const Judging& judging) const { return judging.is_shared ? among_ : WorkShare{}; }

 private:
  WorkShare among_;
  std::int64_t planned_steps_ = 0;
  std::optional<FittedPrior> prior_;
  std::optional<std::uint32_t> fitted_weights_;  // their hash
};

// Differs where a bit of the values differs, almost surely. Of several tensors: each with the hash of those before.
inline constexpr std::uint32_t kHashOfNothing = 2166136261;
[[nodiscard]] std::uint32_t hash_of(std::span<const float> values, std::uint32_t before = kHashOfNothing);

// The options of a family's model and data, as a user sets them, and what they become. One to a run.
class TrainingSetup {
 public:
  virtual ~TrainingSetup() = default;
  // What --set, config.toml and checkpoints know of model and data. Points into this object.
  [[nodiscard]] virtual std::vector<OptionField> fields() = 0;
  // Loads the data sets and makes the task; weights are drawn from the seed. Throws Error where data cannot be read,
  // cannot fill a batch, or do not fit the model.
  [[nodiscard]] virtual std::unique_ptr<TrainingTask> load(std::span<const std::string> data,
                                                           const TaskSetting& setting) = 0;
};

// Values and gradients of a model's tensors, by their specs: the memory of a task. Addresses stay the same.
class TrainedTensors {
 public:
  explicit TrainedTensors(std::span<const kernels::ParameterSpec> specs);

  [[nodiscard]] std::span<const TaskParameter> tensors() const { return tensors_; }
  [[nodiscard]] kernels::Parameters values() const { return values_; }
  [[nodiscard]] kernels::ParameterGradients gradients() const { return gradients_; }
  [[nodiscard]] std::span<const std::span<float>> mutable_values() const { return mutable_values_; }
  // Copies values and shapes into the checkpoint.
  void store(Checkpoint& checkpoint) const;

 private:
  std::vector<std::vector<float>> memory_;
  std::vector<TaskParameter> tensors_;
  std::vector<std::span<const float>> values_;
  std::vector<std::span<float>> mutable_values_, gradients_;
};

}  // namespace limn::models
