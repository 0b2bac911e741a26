#include "limn/train/module_tensors.hpp"

#include "limn/nn/views.hpp"

namespace limn {

std::vector<TaskParameter> parameters_of(torch::nn::Module& module) {
  std::vector<TaskParameter> all;
  for (const auto& item : module.named_parameters()) {
    torch::Tensor value = item.value();
    value.mutable_grad() = torch::zeros_like(value);
    all.push_back({item.key(), value.sizes().vec(), nn::span(value), nn::span(value.grad())});
  }
  return all;
}

std::vector<TaskParameter> buffers_of(torch::nn::Module& module) {
  std::vector<TaskParameter> all;
  for (const auto& item : module.named_buffers())
    if (item.value().scalar_type() == torch::kFloat32)
      all.push_back({item.key(), item.value().sizes().vec(), nn::span(item.value()), {}});
  return all;
}

}  // namespace limn
