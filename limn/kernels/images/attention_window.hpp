// DRAW's attention window (Gregor et al. 2015, arXiv 1502.04623, §3.2 and §3.3; docs/papers/draw.md): an N×N grid of
// Gaussian filters that reads a patch of an image and writes one onto a canvas. Forward and backward, for a batch of
// images. Every image has a window of its own; all its channels share it. Images are [C, B, A] with B rows and A
// columns (the paper's letters), one image per row of a matrix. The calls work on the calling thread and are reentrant:
// each thread brings its own WindowScratch. A result depends on its own image alone.
#pragma once

#include <cstdint>

#include "limn/core/matrix.hpp"
#include "limn/kernels/aligned_buffer.hpp"

namespace limn::kernels {

struct WindowShape {
  std::int64_t channels = 1;
  std::int64_t height = 0;  // B
  std::int64_t width = 0;   // A
  std::int64_t size = 0;    // N

  [[nodiscard]] std::int64_t image_size() const { return channels * height * width; }
  [[nodiscard]] std::int64_t patch_size() const { return channels * size * size; }
};

// The parameters of a window that the decoder gives, eq. 21, in this order: (g̃x, g̃y, log σ², log δ̃, log γ).
enum class WindowParameter : int { kCenterX = 0, kCenterY, kLogVariance, kLogStride, kLogIntensity };
inline constexpr std::int64_t kWindowParameters = 5;

// Bounds of the logarithms. A filter narrower than a tenth of a pixel selects one pixel to the last bit of a float:
// the next one counts exp(-50). Between two pixels its gradients would grow as 1/σ², hence the floor on σ². The other
// bounds only keep exp() finite. A parameter beyond its bound gets no gradient.
inline constexpr float kMinLogVariance = -4.60517019f;  // σ² >= 0.01 pixel²
inline constexpr float kMaxLogVariance = 20.0f;
inline constexpr float kMaxLogStride = 10.0f;     // |log δ̃|
inline constexpr float kMaxLogIntensity = 10.0f;  // |log γ|

// A window in pixels; the centre of the first pixel is 1, as in the paper.
struct Window {
  float center_x = 0;   // g_X, eq. 22
  float center_y = 0;   // g_Y, eq. 23
  float stride = 0;     // δ, eq. 24; 0 where N = 1
  float variance = 1;   // σ²
  float intensity = 1;  // γ
};
[[nodiscard]] Window window_of(const WindowShape& shape, const float* parameters);

// Working memory of one thread.
struct WindowScratch {
  AlignedBuffer<float> values;
};

// The filterbanks of one window, eq. 25 and 26: F_X [N, A] and F_Y [N, B], for tests and pictures. Row i is
// exp(-(a - μ_i)² / 2σ²) / Z with a = 1 … A. Z is computed relative to the largest term, as in a softmax. So a row
// sums to 1 for the narrowest filter and for a centre far outside of the image, which sees the nearest edge. Z needs
// no floor.
void filterbanks(const WindowShape& shape, const float* parameters, Matrix f_x, Matrix f_y);

// n images.
struct ReadInput {
  ConstMatrix parameters;  // [n, 5]
  ConstMatrix image;       // x [n, C·B·A]
  ConstMatrix error;       // x̂ [n, C·B·A]
};
// Eq. 27: glimpse = γ [F_Y x F_Xᵀ; F_Y x̂ F_Xᵀ], [n, 2·C·N·N].
void read_windows(const WindowShape& shape, const ReadInput& input, Matrix glimpse, WindowScratch& scratch);

struct ReadGradients {
  ConstMatrix glimpse;    // the result of read_windows()
  ConstMatrix d_glimpse;  // dL/d of it
  Matrix d_parameters;    // [n, 5], overwritten
  Matrix d_error;         // [n, C·B·A], overwritten
};
void read_windows_backward(const WindowShape& shape, const ReadInput& input, const ReadGradients& gradients,
                           WindowScratch& scratch);

// Eq. 29: canvas += (1/γ) F_Yᵀ w F_X, where `patch` holds w [n, C·N·N] of eq. 28 and canvas is [n, C·B·A].
void write_windows(const WindowShape& shape, ConstMatrix parameters, ConstMatrix patch, Matrix canvas,
                   WindowScratch& scratch);

struct WriteGradients {
  ConstMatrix d_canvas;  // dL/d canvas, [n, C·B·A]; also dL/d of the canvas before
  Matrix d_parameters;   // [n, 5], overwritten
  Matrix d_patch;        // [n, C·N·N], overwritten
};
void write_windows_backward(const WindowShape& shape, ConstMatrix parameters, ConstMatrix patch,
                            const WriteGradients& gradients, WindowScratch& scratch);

}  // namespace limn::kernels
