// Our views of the memory of contiguous float32 CPU tensors. An undefined tensor gives an empty view.
#pragma once

#include <torch/torch.h>

#include <span>

#include "limn/core/matrix.hpp"

namespace limn::nn {

inline std::span<float> span(const torch::Tensor& tensor) {
  TORCH_INTERNAL_ASSERT(tensor.is_contiguous() && tensor.scalar_type() == torch::kFloat32 && tensor.is_cpu());
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}
inline std::span<const float> const_span(const torch::Tensor& tensor) { return span(tensor); }

// [rows, columns] of a 2-D tensor.
inline Matrix view(const torch::Tensor& tensor) {
  if (!tensor.defined()) return {};
  return {span(tensor), tensor.size(0), tensor.size(1)};
}
inline ConstMatrix const_view(const torch::Tensor& tensor) { return view(tensor); }

}  // namespace limn::nn
