// DRAW's error image (eq. 3 of Gregor et al. 2015, arXiv 1502.04623), one image at one step ("row") a call, compiled
// for every SIMD target. Reentrant.
#pragma once

#include <cstdint>

namespace limn::kernels {

// x̂ = x - σ(c).
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

}  // namespace limn::kernels
