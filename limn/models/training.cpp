#include "limn/models/training.hpp"

#include <bit>

#include "limn/core/error.hpp"

namespace limn::models {

std::uint32_t hash_of(std::span<const float> values, std::uint32_t before) {
  std::uint32_t hash = before;  // FNV-1a
  for (const float value : values) hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 16777619;
  return hash;
}

StepInput TrainingTask::step_input(std::int64_t) {
  fail("models of this family are trained by limn's own kernels alone; use --device cpu");
}

const std::optional<FittedPrior>& TrainingTask::prior(const Checkpoint& checkpoint) {
  std::uint32_t weights = kHashOfNothing;
  for (const auto& [name, values] : checkpoint.weights) weights = hash_of(values, weights);
  if (fitted_weights_ != weights) {
    fitted_weights_.reset();
    prior_ = fit_prior(checkpoint);
    fitted_weights_ = weights;
  }
  return prior_;
}

TrainedTensors::TrainedTensors(std::span<const kernels::ParameterSpec> specs) {
  for (const auto& spec : specs) {
    std::vector<float>& value = memory_.emplace_back(spec.count());
    const std::span<float> values = value;
    std::vector<float>& gradient = memory_.emplace_back(spec.count());
    tensors_.push_back({spec.name, spec.shape, values, gradient});
    values_.emplace_back(values);
    mutable_values_.push_back(values);
    gradients_.emplace_back(gradient);
  }
}

void TrainedTensors::store(Checkpoint& checkpoint) const {
  for (const auto& t : tensors_) {
    checkpoint.weights[t.name].assign(t.value.begin(), t.value.end());
    checkpoint.shapes[t.name] = t.shape;
  }
}

}  // namespace limn::models
