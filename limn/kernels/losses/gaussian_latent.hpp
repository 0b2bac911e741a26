// The latent layer of a VAE (Kingma & Welling 2014), one image ("row") a call, compiled for every SIMD target: the
// reparameterised draw (eq. 10) with its KL term (appendix B), and their gradients. Reentrant.
#pragma once

#include <cstdint>

namespace limn::kernels {

// z = μ + ε ⊙ exp(log σ² / 2). Returns −½ Σ (1 + log σ² − μ² − σ²) of the row, in nats.
struct GaussianLatentRow {
  std::int64_t z_size = 0;
  const float* latent = nullptr;  // [2Z]: μ, then log σ²
  const float* noise = nullptr;   // ε [Z]
  float* z = nullptr;             // [Z], written
};
[[nodiscard]] double gaussian_latent_row(const GaussianLatentRow& row);

// Replaces (μ, log σ²) by the gradients of L + kl_scale · KL with respect to them:
// dμ = dz + kl_scale μ and d log σ² = ½ (dz ε σ + kl_scale (σ² − 1)), where ε σ is z − μ.
struct GaussianLatentBackwardRow {
  std::int64_t z_size = 0;
  float kl_scale = 1;
  const float* z = nullptr;   // [Z]
  const float* dz = nullptr;  // dL/dz [Z]
  float* latent = nullptr;    // [2Z]
};
void gaussian_latent_backward_row(const GaussianLatentBackwardRow& row);

}  // namespace limn::kernels
