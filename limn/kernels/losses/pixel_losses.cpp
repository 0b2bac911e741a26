#include "limn/kernels/losses/pixel_losses.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "limn/kernels/threads/parallel.hpp"

// Highway compiles the rest of this file once for each instruction set; foreach_target.h comes first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/losses/pixel_losses.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace limn::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// e = exp(−|l|), which cannot overflow, and σ(l) = 1 / (1 + e) for l ≥ 0, e / (1 + e) below.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V logistic_of(D d, V l, V& e) {
  const V one = hn::Set(d, 1.0f);
  e = hn::Exp(d, hn::Neg(hn::Abs(l)));
  return hn::Div(hn::IfThenElse(hn::Ge(l, hn::Zero(d)), one, e), hn::Add(one, e));
}

// One row. Each lane sums kTerms pixels in float32; the sums of these are in double, so that their error does not grow
// with the row. The logarithms of 1 + e in (1, 2] are summed as the logarithm of their product, so that one is taken
// for kTerms pixels: the product stays below 2^64, and its relative error of kTerms rounding errors is an absolute
// error of 4e-6 of the sum.
class RowLoss {
 public:
  RowLoss(const PixelLosses& losses, std::int64_t row)
      : likelihood_(losses.likelihood),
        logits_(losses.logits.row(row)),
        targets_(losses.targets.row(row)),
        gradient_(losses.gradient.data ? losses.gradient.row(row) : nullptr),
        scale_(losses.gradient_scale) {}

  double sum(std::int64_t columns) {
    const hn::ScalableTag<float> d;
    const hn::CappedTag<float, 1> one;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const std::int64_t whole = columns / lanes * lanes;
    return sum_range(d, 0, whole, lanes) + sum_range(one, whole, columns, 1);
  }

 private:
  static constexpr int kTerms = 64;

  template <class D>
  double sum_range(D d, std::int64_t first, std::int64_t last, std::int64_t step) {
    if (likelihood_ == PixelLikelihood::kSquaredError) return squared_errors(d, first, last, step);
    double sum = 0;
    for (std::int64_t i = first; i < last;) {
      auto linear = hn::Zero(d), product = hn::Set(d, 1.0f);
      for (int k = 0; k < kTerms && i < last; ++k, i += step) {
        const auto l = hn::LoadU(d, logits_ + i), x = hn::LoadU(d, targets_ + i);
        auto e = hn::Zero(d);
        const auto p = logistic_of(d, l, e);
        linear = hn::Add(linear, hn::NegMulAdd(x, l, hn::Max(l, hn::Zero(d))));
        product = hn::MulAdd(product, e, product);
        if (gradient_) hn::StoreU(hn::Mul(hn::Set(d, scale_), hn::Sub(p, x)), d, gradient_ + i);
      }
      sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Add(linear, hn::Log(d, product)))));
    }
    return sum;
  }

  template <class D>
  double squared_errors(D d, std::int64_t first, std::int64_t last, std::int64_t step) {
    double sum = 0;
    for (std::int64_t i = first; i < last;) {
      auto part = hn::Zero(d);
      for (int k = 0; k < kTerms && i < last; ++k, i += step) {
        auto e = hn::Zero(d);
        const auto p = logistic_of(d, hn::LoadU(d, logits_ + i), e);
        const auto error = hn::Sub(p, hn::LoadU(d, targets_ + i));
        part = hn::MulAdd(error, error, part);
        if (gradient_) {
          const auto slope = hn::Mul(p, hn::Sub(hn::Set(d, 1.0f), p));
          hn::StoreU(hn::Mul(hn::Mul(hn::Set(d, 2 * scale_), error), slope), d, gradient_ + i);
        }
      }
      sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, part)));
    }
    return sum;
  }

  PixelLikelihood likelihood_;
  const float* logits_;
  const float* targets_;
  float* gradient_;
  float scale_;
};

void losses_of_row(const PixelLosses& losses, std::int64_t row) {
  const double sum = RowLoss(losses, row).sum(losses.logits.columns);
  if (!losses.sums.empty()) losses.sums[static_cast<std::size_t>(row)] = sum;
}

void logistic_block(const float* in, float* out, std::size_t count) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  auto e = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(logistic_of(d, hn::LoadU(d, in + i), e), d, out + i);
  const hn::CappedTag<float, 1> one;
  auto e1 = hn::Zero(one);
  for (; i < count; ++i) hn::StoreU(logistic_of(one, hn::LoadU(one, in + i), e1), one, out + i);
}

}  // namespace
}  // namespace limn::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace limn::kernels {
namespace {

HWY_EXPORT(losses_of_row);
HWY_EXPORT(logistic_block);

constexpr double kOperationsPerPixel = 40;

}  // namespace

void pixel_losses(const PixelLosses& losses) {
  const std::int64_t rows = losses.logits.rows, columns = losses.logits.columns;
  assert(losses.targets.rows == rows && losses.targets.columns == columns);
  assert(losses.sums.empty() || static_cast<std::int64_t>(losses.sums.size()) == rows);
  parallel_for(
      rows,
      [&](std::int64_t row) {
        HWY_DYNAMIC_DISPATCH(losses_of_row)
        (losses, row);
      },
      kOperationsPerPixel * static_cast<double>(rows * columns));
}

void logistic(std::span<const float> in, std::span<float> out) {
  assert(in.size() == out.size());
  constexpr std::size_t kBlock = 4096;
  const std::size_t blocks = (in.size() + kBlock - 1) / kBlock;
  const auto task = [&](std::int64_t i) {
    const std::size_t first = static_cast<std::size_t>(i) * kBlock;
    HWY_DYNAMIC_DISPATCH(logistic_block)(in.data() + first, out.data() + first, std::min(kBlock, in.size() - first));
  };
  parallel_for(static_cast<std::int64_t>(blocks), task, kOperationsPerPixel * static_cast<double>(in.size()));
}

}  // namespace limn::kernels
#endif
