#include "limn/kernels/products/orthogonal.hpp"

// Highway compiles the rest of this file once for each instruction set; foreach_target.h comes first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/products/orthogonal.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
// clang-format on

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/threads/parallel.hpp"

#ifndef LIMN_KERNELS_ORTHOGONAL_REFLECTIONS
#define LIMN_KERNELS_ORTHOGONAL_REFLECTIONS
namespace limn::kernels {

// Reflections H_i = I - v_i v_iᵀ with |v_i|² = 2, where v_i is zero before component i.
struct Reflections {
  std::int64_t size = 0;        // N
  std::vector<double> vectors;  // the N - i last components of each v_i
  std::vector<double> signs;    // [N], the sign of each column

  [[nodiscard]] const double* vector(std::int64_t i) const { return vectors.data() + i * size - i * (i - 1) / 2; }
};

// Columns of the matrix that one task computes: two vectors of the widest instruction set.
inline constexpr std::int64_t kTaskColumns = 16;

}  // namespace limn::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace limn::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::ScalableTag<double>;
static_assert(2 * hn::MaxLanes(Doubles()) <= static_cast<std::size_t>(kTaskColumns));

// P ← H_0 H_1 … H_last P for a panel of two vectors of columns, [N, 2 lanes]. One pass over the rows subtracts
// v_{i+1} (v_{i+1}ᵀ P), whose product the pass before summed up, and sums up v_iᵀ P.
void reflect_panel(const Reflections& reflections, std::int64_t last, double* panel) {
  const Doubles d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto left_along = hn::Zero(d), right_along = hn::Zero(d);
  const double* later = reflections.vector(last);  // times zero in the first pass
  for (std::int64_t i = last; i >= 0; --i) {
    const double* const own = reflections.vector(i);
    double* row = panel + 2 * i * lanes;
    auto left_sum = hn::Mul(hn::Set(d, own[0]), hn::Load(d, row));
    auto right_sum = hn::Mul(hn::Set(d, own[0]), hn::Load(d, row + lanes));
    for (std::int64_t k = 1; k < reflections.size - i; ++k) {
      row += 2 * lanes;
      const auto later_k = hn::Set(d, later[k - 1]), own_k = hn::Set(d, own[k]);
      const auto left = hn::NegMulAdd(later_k, left_along, hn::Load(d, row));
      const auto right = hn::NegMulAdd(later_k, right_along, hn::Load(d, row + lanes));
      hn::Store(left, d, row);
      hn::Store(right, d, row + lanes);
      left_sum = hn::MulAdd(own_k, left, left_sum);
      right_sum = hn::MulAdd(own_k, right, right_sum);
    }
    left_along = left_sum;
    right_along = right_sum;
    later = own;
  }
  for (std::int64_t k = 0; k < reflections.size; ++k) {
    double* const row = panel + 2 * k * lanes;
    const auto later_k = hn::Set(d, later[k]);
    hn::Store(hn::NegMulAdd(later_k, left_along, hn::Load(d, row)), d, row);
    hn::Store(hn::NegMulAdd(later_k, right_along, hn::Load(d, row + lanes)), d, row + lanes);
  }
}

// Columns [first, first + kTaskColumns) of the product of all reflections, as far as there are so many. Column c needs
// only H_0 … H_c: the others leave it as it is.
void reflect_columns(const Reflections& reflections, std::int64_t first, Matrix out) {
  const std::int64_t size = reflections.size, width = 2 * static_cast<std::int64_t>(hn::Lanes(Doubles()));
  AlignedBuffer<double> panel(static_cast<std::size_t>(size * width));
  const std::int64_t end = std::min(first + kTaskColumns, size);
  for (std::int64_t start = first; start < end; start += width) {
    const std::int64_t count = std::min(width, end - start);
    std::fill_n(panel.data(), size * width, 0.0);
    for (std::int64_t c = 0; c < count; ++c)
      panel[static_cast<std::size_t>((start + c) * width + c)] = reflections.signs[static_cast<std::size_t>(start + c)];
    reflect_panel(reflections, start + count - 1, panel.data());
    for (std::int64_t r = 0; r < size; ++r)
      for (std::int64_t c = 0; c < count; ++c)
        out.row(r)[start + c] = static_cast<float>(panel[static_cast<std::size_t>(r * width + c)]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace limn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace limn::kernels {
HWY_EXPORT(reflect_columns);

namespace {

// Reflection i maps a normal vector x to a multiple of the unit vector i: v = x ± |x| e_i with the sign of x_i, which
// loses no digits, scaled to |v|² = 2. The sign of column i is that of R's diagonal in the QR decomposition.
Reflections random_reflections(RandomStream& random, std::int64_t size) {
  Reflections all{.size = size,
                  .vectors = std::vector<double>(static_cast<std::size_t>(size * (size + 1) / 2)),
                  .signs = std::vector<double>(static_cast<std::size_t>(size))};
  double* v = all.vectors.data();
  for (std::int64_t i = 0; i < size; ++i) {
    const std::int64_t count = size - i;
    double square = 0;
    for (std::int64_t k = 0; k < count; ++k) {
      v[k] = static_cast<double>(random.normal());
      square += v[k] * v[k];
    }
    const double length = std::sqrt(square), sign = std::copysign(1.0, v[0]);
    const double scale = std::sqrt(length * (length + std::abs(v[0])));
    v[0] += sign * length;
    // A vector of zeros stays one: its reflection is the identity.
    for (std::int64_t k = 0; k < count; ++k) v[k] /= std::max(scale, std::numeric_limits<double>::min());
    all.signs[static_cast<std::size_t>(i)] = -sign;
    v += count;
  }
  return all;
}

}  // namespace

void random_orthogonal(RandomStream& random, Matrix out) {
  require(out.rows == out.columns, "orthogonal matrix: [{}, {}] is not square", out.rows, out.columns);
  const Reflections reflections = random_reflections(random, out.rows);
  const double size = static_cast<double>(out.rows);
  parallel_for((out.rows + kTaskColumns - 1) / kTaskColumns,
               [&](std::int64_t task) {
                 HWY_DYNAMIC_DISPATCH(reflect_columns)
                 (reflections, task * kTaskColumns, out);
               },
               4.0 / 3 * size * size * size);
}

}  // namespace limn::kernels
#endif
