// The element-wise arithmetic of DRAW, one image at one step ("row") a call, compiled for every SIMD target.
// Equation numbers are those of Gregor et al. 2015 (arXiv 1502.04623). Reentrant. Internal to the room.
#pragma once

#include <cstdint>
#include <span>

namespace limn::kernels {

// x̂ = x - σ(c), eq. 3.
void error_image_row(const float* x, const float* canvas, std::int64_t count, float* error);

// dL/dc -= dL/dx̂ ⊙ s (1 - s), where s = σ(c) = x - x̂.
struct ErrorImageBackwardRow {
  std::int64_t count = 0;
  const float* x = nullptr;
  const float* error = nullptr;
  const float* d_error = nullptr;
  float* d_canvas = nullptr;
};
void error_image_backward_row(const ErrorImageBackwardRow& row);

// One step's latents of one image: z = μ + σ ⊙ ε with σ = exp(log σ), eq. 1, 2 and 6.
struct LatentRow {
  std::int64_t z_size = 0;
  const float* latent = nullptr;  // [2Z]: μ, log σ
  const float* noise = nullptr;   // ε [Z]
  float* z = nullptr;             // [Z], written
};
struct LatentTerms {
  float kl = 0;         // ½ Σ (μ² + σ² - log σ² - 1), this step's part of eq. 11: -½ for each dimension
  float log_ratio = 0;  // log p(z) - log q(z | x) of the z drawn
};
[[nodiscard]] LatentTerms sample_latent_row(const LatentRow& row);

// Replaces (μ, log σ) by the gradient of L + scale · KL with respect to them. σ ⊙ ε is z - μ.
struct LatentBackwardRow {
  std::int64_t z_size = 0;
  float scale = 1;
  const float* z = nullptr;   // [Z]
  const float* dz = nullptr;  // dL/dz [Z]
  float* latent = nullptr;    // [2Z]
};
void latent_backward_row(const LatentBackwardRow& row);

}  // namespace limn::kernels
