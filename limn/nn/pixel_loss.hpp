// The reconstruction loss of image models as an autograd function over kernels::pixel_losses.
#pragma once

#include <torch/torch.h>

#include "limn/kernels/losses/pixel_losses.hpp"

namespace limn::nn {

struct PixelLoss {
  torch::Tensor loss;  // scalar: scale · sum, differentiable in `logits`
  double sum = 0;      // over the batch, in nats
};

// logits and targets [B, D] (or any shapes of B · D values), targets in [0, 1].
[[nodiscard]] PixelLoss pixel_loss(const torch::Tensor& logits, const torch::Tensor& targets,
                                   kernels::PixelLikelihood likelihood, float scale);

}  // namespace limn::nn
