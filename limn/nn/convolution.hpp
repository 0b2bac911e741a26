// Convolutions as autograd functions over kernels/convolution.hpp: the machine's BLAS is never asked. Images are rows of
// [H, W, C].
#pragma once

#include <torch/torch.h>

#include "limn/kernels/images/convolution.hpp"

namespace limn::nn {

// x [B, H·W·C] → [B, h·w·c], as torch.nn.Conv2d: weight [c, C, k, k], bias [c]. Differentiable in all three.
[[nodiscard]] torch::Tensor convolution(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                                        const kernels::ConvolutionShape& shape,
                                        kernels::Precision precision = kernels::Precision::kFloat32);

// x [B, h·w·c] → [B, H·W·C], as torch.nn.ConvTranspose2d: weight [c, C, k, k], bias [C].
[[nodiscard]] torch::Tensor transposed_convolution(const torch::Tensor& x, const torch::Tensor& weight,
                                                   const torch::Tensor& bias, const kernels::ConvolutionShape& shape,
                                                   kernels::Precision precision = kernels::Precision::kFloat32);

}  // namespace limn::nn
