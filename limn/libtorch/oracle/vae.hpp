// A VAE's training loss (Kingma & Welling 2014; docs/papers/vae.md) in plain LibTorch operations: the oracle of
// limn/models/vae, and the model of training on a device. The network is written out as the paper page lists it, not
// read from vae_layout(). Works in the dtype and on the device of the parameters. Differentiable, reentrant.
#pragma once

#include "limn/libtorch/oracle/cells.hpp"
#include "limn/libtorch/torch.hpp"
#include "limn/models/vae/options.hpp"

namespace limn::libtorch::oracle {

struct VaeLossTensors {
  torch::Tensor total;           // reconstruction + beta · kl
  torch::Tensor reconstruction;  // summed over pixels, a mean over the (whole) batch
  torch::Tensor kl;              // summed over latent dimensions, likewise
  torch::Tensor logits;          // [B, C·H·W]
  torch::Tensor latent;          // [B, 2Z]: μ, log σ²
};

struct VaeLossInput {
  torch::Tensor epsilon = {};  // [B, Z]; undefined means 0, z = μ
  double beta = 1;
  std::int64_t whole_batch = 0;  // images that the means are over, if these are a part of them; 0: these
  bool is_training = true;       // batch normalisation by the batch, and its running means updated; else by those
};

// μ, then log σ² of each image [B, 2Z]; pixels, parameters and buffers as below. Running means stay as they are.
[[nodiscard]] torch::Tensor vae_posterior(const Parameters& parameters, const Parameters& buffers,
                                          const models::VaeOptions& options, const torch::Tensor& pixels);
// The parts of -log p(x | z) of images [B, C·H·W] from z [B, Z], likewise.
[[nodiscard]] torch::Tensor vae_pixel_losses(const Parameters& parameters, const Parameters& buffers,
                                             const models::VaeOptions& options, const torch::Tensor& pixels,
                                             const torch::Tensor& z);

// pixels [B, C·H·W] in [0, 1]. Parameters and buffers as vae_parameters() and vae_buffers() name them; the buffers are
// changed in place.
[[nodiscard]] VaeLossTensors vae_loss(const Parameters& parameters, const Parameters& buffers,
                                      const models::VaeOptions& options, const torch::Tensor& pixels,
                                      const VaeLossInput& step);

}  // namespace limn::libtorch::oracle
