#include "limn/models/training.hpp"

#include <bit>

namespace limn::models {

std::uint32_t hash_of(std::span<const TaskParameter> tensors) {
  std::uint32_t hash = 2166136261;  // FNV-1a
  for (const auto& tensor : tensors)
    for (const float value : tensor.value) hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 16777619;
  return hash;
}

const std::optional<FittedPrior>& TrainingTask::prior(std::int64_t step) {
  const std::uint32_t weights = hash_of(parameters()) ^ hash_of(buffers());
  if (fitted_weights_ != weights) {
    fitted_weights_.reset();
    prior_ = fit_prior(step);
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
