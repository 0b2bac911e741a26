#include "limn/kernels/images/window_filters.hpp"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/images/window_filters.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "limn/kernels/elementwise-inl.hpp"

#ifndef LIMN_KERNELS_WINDOW_FILTERS_ONCE
#define LIMN_KERNELS_WINDOW_FILTERS_ONCE
namespace limn::kernels {
namespace {

// The pixel n of 1 … length that is nearest to μ. With it -(a - μ)² + (n - μ)² = -(a - n)(a + n - 2μ): what the
// largest term leaves of the others, without the cancellation of two large squares.
float nearest_pixel(float mu, std::int64_t length) {
  return std::clamp(std::nearbyint(mu), 1.0f, static_cast<float>(length));
}

}  // namespace
}  // namespace limn::kernels
#endif  // LIMN_KERNELS_WINDOW_FILTERS_ONCE

HWY_BEFORE_NAMESPACE();
namespace limn::kernels {
namespace HWY_NAMESPACE {

// (a - n)(a + n - 2μ) for the pixels a of one vector from index i on.
HWY_INLINE FloatVector relative_square(std::int64_t i, float nearest, float mu) {
  const Floats d;
  const auto a = hn::Iota(d, static_cast<float>(i + 1));
  return hn::Mul(hn::Sub(a, hn::Set(d, nearest)), hn::Add(a, hn::Set(d, nearest - 2 * mu)));
}

void filter_row(float mu, float half_precision, std::int64_t length, float* out) {
  const Floats d;
  const float nearest = nearest_pixel(mu, length);
  auto sum = hn::Zero(d);
  for_each_vector(length, [&](auto access, std::int64_t i) HWY_ATTR {
    const auto exponent = hn::Mul(relative_square(i, nearest, mu), hn::Set(d, -half_precision));
    const auto value = exponential(exponent);
    sum = hn::Add(sum, access.keep(value));
    access.store(value, out + i);
  });
  const auto scale = hn::Set(d, 1 / hn::GetLane(hn::SumOfLanes(d, sum)));
  for_each_vector(length, [&](auto access, std::int64_t i)
                              HWY_ATTR { access.store(hn::Mul(access.load(out + i), scale), out + i); });
}

// With l_a the exponents, dL/dl_a = F_a (dF_a - Σ F dF): a softmax. These sum to zero, so that a constant may be taken
// off from what multiplies them: n off a, (n - μ)² off (a - μ)².
void filter_row_backward(float mu, float half_precision, std::int64_t length, const float* filter,
                         const float* d_filter, FilterGradient* gradient) {
  const Floats d;
  const float nearest = nearest_pixel(mu, length);
  auto sum = hn::Zero(d);
  for_each_vector(length, [&](auto access, std::int64_t i)
                              HWY_ATTR { sum = hn::MulAdd(access.load(filter + i), access.load(d_filter + i), sum); });
  const auto mean = hn::Set(d, hn::GetLane(hn::SumOfLanes(d, sum)));
  auto center = hn::Zero(d), square = hn::Zero(d);
  for_each_vector(length, [&](auto access, std::int64_t i) HWY_ATTR {
    const auto d_exponent = hn::Mul(access.load(filter + i), hn::Sub(access.load(d_filter + i), mean));
    const auto distance = hn::Sub(hn::Iota(d, static_cast<float>(i + 1)), hn::Set(d, nearest));
    center = hn::MulAdd(d_exponent, distance, center);
    square = hn::MulAdd(d_exponent, relative_square(i, nearest, mu), square);
  });
  gradient->center = 2 * half_precision * hn::GetLane(hn::SumOfLanes(d, center));
  gradient->log_variance = half_precision * hn::GetLane(hn::SumOfLanes(d, square));
}

// Rows j … j + kRows - 1 of F_Y · plane: several sums at once hide the latency of an addition.
template <int kRows>
HWY_INLINE void project_rows(ConstMatrix f_y, ConstMatrix plane, std::int64_t j, Matrix rows) {
  const Floats d;
  for_each_vector(plane.columns, [&](auto access, std::int64_t a) HWY_ATTR {
    auto sum0 = hn::Zero(d), sum1 = hn::Zero(d), sum2 = hn::Zero(d), sum3 = hn::Zero(d);
    for (std::int64_t b = 0; b < plane.rows; ++b) {
      const auto pixels = access.load(plane.row(b) + a);
      sum0 = hn::MulAdd(hn::Set(d, f_y(j, b)), pixels, sum0);
      if constexpr (kRows > 1) sum1 = hn::MulAdd(hn::Set(d, f_y(j + 1, b)), pixels, sum1);
      if constexpr (kRows > 2) sum2 = hn::MulAdd(hn::Set(d, f_y(j + 2, b)), pixels, sum2);
      if constexpr (kRows > 3) sum3 = hn::MulAdd(hn::Set(d, f_y(j + 3, b)), pixels, sum3);
    }
    access.store(sum0, rows.row(j) + a);
    if constexpr (kRows > 1) access.store(sum1, rows.row(j + 1) + a);
    if constexpr (kRows > 2) access.store(sum2, rows.row(j + 2) + a);
    if constexpr (kRows > 3) access.store(sum3, rows.row(j + 3) + a);
  });
}

void project(ConstMatrix f_y, ConstMatrix plane, Matrix rows) {
  std::int64_t j = 0;
  for (; j + 4 <= f_y.rows; j += 4) project_rows<4>(f_y, plane, j, rows);
  for (; j + 2 <= f_y.rows; j += 2) project_rows<2>(f_y, plane, j, rows);
  if (j < f_y.rows) project_rows<1>(f_y, plane, j, rows);
}

void spread(ConstMatrix f_y, ConstMatrix rows, Matrix plane) {
  const Floats d;
  for_each_vector(plane.columns, [&](auto access, std::int64_t a) HWY_ATTR {
    for (std::int64_t b = 0; b < plane.rows; ++b) {
      auto pixels = access.load(plane.row(b) + a);
      for (std::int64_t j = 0; j < f_y.rows; ++j)
        pixels = hn::MulAdd(hn::Set(d, f_y(j, b)), access.load(rows.row(j) + a), pixels);
      access.store(pixels, plane.row(b) + a);
    }
  });
}

HWY_INLINE float dot_product(const float* a, const float* b, std::int64_t count) {
  const Floats d;
  auto sum = hn::Zero(d);
  for_each_vector(count, [&](auto access, std::int64_t i)
                             HWY_ATTR { sum = hn::MulAdd(access.load(a + i), access.load(b + i), sum); });
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

void dot_products(ConstMatrix a, ConstMatrix b, float scale, Matrix out) {
  for (std::int64_t j = 0; j < a.rows; ++j)
    for (std::int64_t i = 0; i < b.rows; ++i) out(j, i) = scale * dot_product(a.row(j), b.row(i), a.columns);
}

void add_dot_products(ConstMatrix a, ConstMatrix b, Matrix out) {
  for (std::int64_t j = 0; j < a.rows; ++j)
    for (std::int64_t i = 0; i < b.rows; ++i) out(j, i) += dot_product(a.row(j), b.row(i), a.columns);
}

void combine(ConstMatrix w, ConstMatrix rows, float scale, Matrix out) {
  const Floats d;
  for_each_vector(rows.columns, [&](auto access, std::int64_t a) HWY_ATTR {
    for (std::int64_t j = 0; j < w.rows; ++j) {
      auto sum = hn::Zero(d);
      for (std::int64_t i = 0; i < w.columns; ++i)
        sum = hn::MulAdd(hn::Set(d, w(j, i)), access.load(rows.row(i) + a), sum);
      access.store(hn::Mul(sum, hn::Set(d, scale)), out.row(j) + a);
    }
  });
}

void combine_transposed(ConstMatrix w, ConstMatrix rows, float scale, Matrix out) {
  const Floats d;
  for_each_vector(rows.columns, [&](auto access, std::int64_t a) HWY_ATTR {
    for (std::int64_t i = 0; i < w.columns; ++i) {
      auto sum = hn::Zero(d);
      for (std::int64_t j = 0; j < w.rows; ++j)
        sum = hn::MulAdd(hn::Set(d, w(j, i)), access.load(rows.row(j) + a), sum);
      access.store(hn::MulAdd(sum, hn::Set(d, scale), access.load(out.row(i) + a)), out.row(i) + a);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace limn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace limn::kernels {
HWY_EXPORT(filter_row);
HWY_EXPORT(filter_row_backward);
HWY_EXPORT(project);
HWY_EXPORT(spread);
HWY_EXPORT(dot_products);
HWY_EXPORT(add_dot_products);
HWY_EXPORT(combine);
HWY_EXPORT(combine_transposed);

void filter_row(float mu, float half_precision, std::int64_t length, float* out) {
  HWY_DYNAMIC_DISPATCH(filter_row)(mu, half_precision, length, out);
}
FilterGradient filter_row_backward(float mu, float half_precision, std::int64_t length, const float* filter,
                                   const float* d_filter) {
  FilterGradient gradient;
  HWY_DYNAMIC_DISPATCH(filter_row_backward)(mu, half_precision, length, filter, d_filter, &gradient);
  return gradient;
}
void project(ConstMatrix f_y, ConstMatrix plane, Matrix rows) { HWY_DYNAMIC_DISPATCH(project)(f_y, plane, rows); }
void spread(ConstMatrix f_y, ConstMatrix rows, Matrix plane) { HWY_DYNAMIC_DISPATCH(spread)(f_y, rows, plane); }
void dot_products(ConstMatrix a, ConstMatrix b, float scale, Matrix out) {
  HWY_DYNAMIC_DISPATCH(dot_products)(a, b, scale, out);
}
void add_dot_products(ConstMatrix a, ConstMatrix b, Matrix out) { HWY_DYNAMIC_DISPATCH(add_dot_products)(a, b, out); }
void combine(ConstMatrix w, ConstMatrix rows, float scale, Matrix out) {
  HWY_DYNAMIC_DISPATCH(combine)(w, rows, scale, out);
}
void combine_transposed(ConstMatrix w, ConstMatrix rows, float scale, Matrix out) {
  HWY_DYNAMIC_DISPATCH(combine_transposed)(w, rows, scale, out);
}
}  // namespace limn::kernels
#endif
