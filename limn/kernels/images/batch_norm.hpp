// Batch normalisation (Ioffe & Szegedy 2015, arXiv 1502.03167), forward and backward. Matrices are [R, C]: one row for
// each pixel of each image, one column for each channel. Rows are divided over the pool of parallel.hpp; sums are taken
// in double in an order that does not depend on the number of threads. Plain functions on plain memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/core/matrix.hpp"

namespace limn::kernels {

inline constexpr double kBatchNormEpsilon = 1e-5;
inline constexpr double kBatchNormMomentum = 0.1;  // share of a batch in the running statistics

// y = scale · x + shift, one of each for a channel.
struct ChannelMap {
  std::vector<float> scale, shift;
};
// The map γ (x − mean) / √(variance + ε) + β. All are [C].
struct Normalisation {
  std::span<const float> mean, variance;
  std::span<const float> gamma, beta;
};
[[nodiscard]] ChannelMap channel_map(const Normalisation& n);
// x and y are [R, C]; they may be the same memory.
void apply(const ChannelMap& map, ConstMatrix x, Matrix y);

// Of each channel over R >= 1 rows.
struct BatchStatistics {
  std::int64_t count = 0;  // R
  std::vector<float> mean = {};
  std::vector<float> variance = {};  // the biased one, of the divisor R
};
[[nodiscard]] BatchStatistics batch_statistics(ConstMatrix x);
// running = 0.9 running + 0.1 batch, as PyTorch: with the unbiased variance, of the divisor R − 1.
void update_running(const BatchStatistics& batch, std::span<float> mean, std::span<float> variance);

struct BatchNormBackward {
  ConstMatrix x;                      // [R, C]
  const BatchStatistics& statistics;  // of x
  std::span<const float> gamma;       // [C]
  Matrix d;                           // dL/dy [R, C], replaced by dL/dx
  std::span<float> d_gamma, d_beta;   // [C], overwritten
};
void batch_norm_backward(const BatchNormBackward& b);

}  // namespace limn::kernels
