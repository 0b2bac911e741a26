// The Gaussian latent layer of VAEs and of DRAW (Kingma & Welling 2014), one image ("row") a call, compiled for every
// SIMD target: the reparameterised draw (eq. 10) with its KL term (appendix B), and their gradients. Reentrant.
#pragma once

#include <cstdint>

namespace limn::kernels {

// The second half s of a row's latent [2Z]: VAEs and Sketch-RNN give log σ², DRAW log σ.
enum class LatentSpread { kLogVariance, kLogDeviation };

// z = μ + ε ⊙ σ. Returns KL(N(μ, σ²) | N(0, 1)) = ½ Σ (μ² + σ² − log σ² − 1) of the row, in nats.
struct GaussianLatentRow {
  LatentSpread spread = LatentSpread::kLogVariance;
  std::int64_t z_size = 0;
  const float* latent = nullptr;  // [2Z]: μ, then s
  const float* noise = nullptr;   // ε [Z]
  float* z = nullptr;             // [Z], written
  double* log_ratio = nullptr;  // where wanted: log p(z) − log q(z | x) = ½ Σ (ε² − z² + log σ²) of the z drawn
};
[[nodiscard]] double gaussian_latent_row(const GaussianLatentRow& row);

// Replaces (μ, s) by the gradients of L + kl_scale · KL with respect to them:
// dμ = dz + kl_scale μ and d log σ = dz ε σ + kl_scale (σ² − 1) = 2 d log σ², where ε σ is z − μ.
struct GaussianLatentBackwardRow {
  LatentSpread spread = LatentSpread::kLogVariance;
  std::int64_t z_size = 0;
  float kl_scale = 1;
  const float* z = nullptr;   // [Z]
  const float* dz = nullptr;  // dL/dz [Z]
  float* latent = nullptr;    // [2Z]
};
void gaussian_latent_backward_row(const GaussianLatentBackwardRow& row);

}  // namespace limn::kernels
