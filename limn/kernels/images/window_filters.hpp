// The vector arithmetic of the attention window, compiled for every SIMD target: single filters and the products of
// filterbanks with planes of an image. Reentrant. Internal to the room; sizes have been checked already.
#pragma once

#include <cstdint>

#include "limn/core/matrix.hpp"

namespace limn::kernels {

// out[a - 1] = exp(-(a - μ)² · half_precision) / Z for a = 1 … length, Σ out = 1 (eq. 25). half_precision is 1 / 2σ².
void filter_row(float mu, float half_precision, std::int64_t length, float* out);

// dL/dμ and dL/d log σ² of a filter from dL/d of its values.
struct FilterGradient {
  float center = 0;
  float log_variance = 0;
};
[[nodiscard]] FilterGradient filter_row_backward(float mu, float half_precision, std::int64_t length,
                                                 const float* filter, const float* d_filter);

// rows [N, A] = F_Y [N, B] · plane [B, A].
void project(ConstMatrix f_y, ConstMatrix plane, Matrix rows);
// plane [B, A] += F_Yᵀ · rows, F_Y [N, B], rows [N, A].
void spread(ConstMatrix f_y, ConstMatrix rows, Matrix plane);
// out [N, M] = scale · a [N, A] · b [M, A]ᵀ.
void dot_products(ConstMatrix a, ConstMatrix b, float scale, Matrix out);
// out [N, M] += a [N, A] · b [M, A]ᵀ.
void add_dot_products(ConstMatrix a, ConstMatrix b, Matrix out);
// out [N, A] = scale · w [N, M] · rows [M, A].
void combine(ConstMatrix w, ConstMatrix rows, float scale, Matrix out);
// out [M, A] += scale · wᵀ · rows, w [N, M], rows [N, A].
void combine_transposed(ConstMatrix w, ConstMatrix rows, float scale, Matrix out);

}  // namespace limn::kernels
