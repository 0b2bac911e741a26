// A VAE's training loss (Kingma & Welling 2014; docs/papers/vae.md) in plain LibTorch operations: the oracle of
// limn/models/vae and its baseline in limn bench. The network is written out as the paper page lists it, not read from
// vae_layout(). Works in the dtype of the parameters (float32 or float64). Differentiable, reentrant.
#pragma once

#include <torch/torch.h>

#include "limn/libtorch/oracle/cells.hpp"
#include "limn/models/vae/options.hpp"

namespace limn::libtorch::oracle {

struct VaeLossTensors {
  torch::Tensor total;           // reconstruction + beta · kl
  torch::Tensor reconstruction;  // summed over pixels, a mean over the batch
  torch::Tensor kl;              // summed over latent dimensions, a mean over the batch
  torch::Tensor logits;          // [B, C·H·W]
  torch::Tensor latent;          // [B, 2Z]: μ, log σ²
};

struct VaeLossInput {
  torch::Tensor epsilon = {};  // [B, Z]; undefined means 0, z = μ
  double beta = 1;
  bool is_training = true;  // batch normalisation by the batch, and its running means updated; else by those
};

// pixels [B, C·H·W] in [0, 1]. Parameters and buffers as vae_parameters() and vae_buffers() name them; the buffers are
// changed in place.
[[nodiscard]] VaeLossTensors vae_loss(const Parameters& parameters, const Parameters& buffers,
                                      const models::VaeOptions& options, const torch::Tensor& pixels,
                                      const VaeLossInput& step);

}  // namespace limn::libtorch::oracle
