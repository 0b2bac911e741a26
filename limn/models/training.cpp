#include "limn/models/training.hpp"

namespace limn::models {

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
