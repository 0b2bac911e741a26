// The mixture-density loss as an autograd function over kernels::mixture_density_loss.
#pragma once

#include <torch/torch.h>

#include "limn/kernels/losses/mixture_density.hpp"

namespace limn::nn {

struct MixtureDensity {
  torch::Tensor loss;                   // scalar: scale · (offset + pen), differentiable in `outputs`
  kernels::MixtureDensitySums sums;     // not scaled, for reports
};

// outputs [R, 3 + 6M], targets [R, 5]; eq. 9 and 10 of Ha & Eck 2017, summed over rows and multiplied by `scale`
// (1 / (N_max B) in training).
[[nodiscard]] MixtureDensity mixture_density_loss(const torch::Tensor& outputs, const torch::Tensor& targets,
                                                  float scale);

}  // namespace limn::nn
