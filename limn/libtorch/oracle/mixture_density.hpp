// The output layer's losses (Ha & Eck 2017, eq. 3, 5, 6, 7, 9; Graves 2013, eq. 24, 25) in plain LibTorch
// operations. Differentiable, in the dtype of the outputs. Reentrant.
#pragma once

#include "limn/libtorch/torch.hpp"

namespace limn::libtorch::oracle {

struct StepLosses {
  torch::Tensor offset;  // -log( Σ_j π_j N(Δx, Δy | μ_j, σ_j, ρ_j) + floor )
  torch::Tensor pen;     // -Σ_k p_k log q_k
};
// outputs [..., 3 + 6M] with columns q̂ (3), π̂, μ_x, μ_y, σ̂_x, σ̂_y, ρ̂ (M each); targets [..., 5] in stroke-5. The
// losses of each row, shape [...]. In logarithms; |rho_hat| below 40 in float32, where cosh² is finite.
[[nodiscard]] StepLosses mixture_density(const torch::Tensor& outputs, const torch::Tensor& targets,
                                         double floor = 1e-6);

}  // namespace limn::libtorch::oracle
