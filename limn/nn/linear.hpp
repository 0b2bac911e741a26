// y = x Wᵀ + b through kernels: the machine's BLAS is never asked.
#pragma once

#include <torch/torch.h>

#include "limn/kernels/cells/recurrent.hpp"

namespace limn::nn {

// x [N, in], weight [out, in], bias [out]; returns [N, out]. Differentiable in all three.
[[nodiscard]] torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                                   kernels::Precision precision = kernels::Precision::kFloat32);

class LinearImpl : public torch::nn::Module {
 public:
  LinearImpl(std::int64_t in, std::int64_t out, kernels::Precision precision = kernels::Precision::kFloat32);
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& x) const { return linear(x, weight, bias, precision_); }

  torch::Tensor weight;  // [out, in], zero until initialised
  torch::Tensor bias;    // [out]

 private:
  kernels::Precision precision_;
};
TORCH_MODULE(Linear);

}  // namespace limn::nn
