// A VAE's training loss (Kingma & Welling 2014; MODELS.md §4) in plain LibTorch operations, the network written out as
// the paper page lists it rather than from vae_layout(): what the fast model must reproduce, and the baseline that it is
// timed against. Differentiable with respect to every parameter, in the parameters' dtype (float32 or float64).
// Reentrant.
#pragma once

#include <torch/torch.h>

#include "limn/models/vae/options.hpp"
#include "limn/libtorch/oracle/cells.hpp"

namespace limn::libtorch::oracle {

struct VaeLosses {
  torch::Tensor total;           // reconstruction + beta · kl
  torch::Tensor reconstruction;  // summed over pixels, a mean over the batch
  torch::Tensor kl;              // summed over latent dimensions, a mean over the batch
  torch::Tensor logits;          // [B, C·H·W]
  torch::Tensor latent;          // [B, 2Z]: μ, log σ²
};

struct VaeStep {
  torch::Tensor epsilon = {};  // [B, Z]; undefined means 0, z = μ
  double beta = 1;
  bool is_training = true;     // batch normalisation by the batch, and its running means updated; else by those
};

// pixels [B, C·H·W] in [0, 1]. Parameters and buffers as vae_parameters() and vae_buffers() name them; the buffers are
// changed in place.
[[nodiscard]] VaeLosses vae_loss(const Parameters& parameters, const Parameters& buffers, const VaeOptions& options,
                                 const torch::Tensor& pixels, const VaeStep& step);

}  // namespace limn::libtorch::oracle
