// Vector functions shared by the Highway sources of this room: exponential, logistic, tanh, and loops that end inside
// a vector. Each source includes it once for every SIMD target: hence "-inl" and the guard that is toggled.
#if defined(LIMN_KERNELS_ELEMENTWISE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef LIMN_KERNELS_ELEMENTWISE_INL_HPP
#undef LIMN_KERNELS_ELEMENTWISE_INL_HPP
#else
#define LIMN_KERNELS_ELEMENTWISE_INL_HPP
#endif

#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace limn::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using FloatVector = hn::Vec<Floats>;

// Whole vectors at p + offset.
struct WholeAccess {
  HWY_INLINE FloatVector load(const float* p) const { return hn::LoadU(Floats(), p); }
  HWY_INLINE void store(FloatVector v, float* p) const { hn::StoreU(v, Floats(), p); }
  // v with zero in the lanes that do not count, for sums.
  HWY_INLINE FloatVector keep(FloatVector v) const { return v; }
};

// The first lanes of a vector; the others load as zero and are not stored. Through a buffer, because
// Highway's masked loads touch the whole vector on targets without masks.
struct PartAccess {
  explicit HWY_INLINE PartAccess(std::int64_t count) : lanes(count) {}
  HWY_INLINE FloatVector load(const float* p) const {
    HWY_ALIGN float buffer[hn::MaxLanes(Floats())] = {};
    for (std::int64_t i = 0; i < lanes; ++i) buffer[i] = p[i];
    return hn::Load(Floats(), buffer);
  }
  HWY_INLINE void store(FloatVector v, float* p) const {
    HWY_ALIGN float buffer[hn::MaxLanes(Floats())];
    hn::Store(v, Floats(), buffer);
    for (std::int64_t i = 0; i < lanes; ++i) p[i] = buffer[i];
  }
  HWY_INLINE FloatVector keep(FloatVector v) const {
    return hn::IfThenElseZero(hn::FirstN(Floats(), static_cast<std::size_t>(lanes)), v);
  }
  std::int64_t lanes;
};

// body(access, i) for i = 0, one vector, two vectors, … below `count`.
template <class Body>
HWY_INLINE void for_each_vector(std::int64_t count, const Body& body) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(Floats()));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) body(WholeAccess(), i);
  if (i < count) body(PartAccess(count - i), i);
}

// e^x to about 1e-7 relative for x in [-87, 88], constant beyond: x = n ln 2 + r with |r| <= ln 2 / 2 in two
// parts (Cody & Waite), e^r by the Taylor polynomial of degree 7 (truncation 5e-9), 2^n through the exponent
// bits.
HWY_INLINE FloatVector exponential(FloatVector x) {
  const Floats d;
  const hn::RebindToSigned<Floats> di;
  // In this order x86 lets a NaN through: it returns the second operand.
  x = hn::Min(hn::Set(d, 88.0f), hn::Max(hn::Set(d, -87.0f), x));
  const auto n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504088896341f)));
  auto r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  auto p = hn::Set(d, 1.0f / 5040);
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 720));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 120));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 24));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 6));
  p = hn::MulAdd(p, r, hn::Set(d, 0.5f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  const auto power = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)));
  return hn::Mul(p, hn::BitCast(d, power));
}

HWY_INLINE FloatVector logistic(FloatVector x) {
  const auto one = hn::Set(Floats(), 1.0f);
  return hn::Div(one, hn::Add(one, exponential(hn::Neg(x))));
}

// Relative error below 1e-6 everywhere: near zero, where 1 - 2 / (e^2x + 1) would cancel, the odd polynomial
// of degree 11 that is nearest to tanh on [-0.625, 0.625] (the coefficients of Moshier's Cephes).
HWY_INLINE FloatVector hyperbolic_tangent(FloatVector x) {
  const Floats d;
  const auto one = hn::Set(d, 1.0f), two = hn::Set(d, 2.0f);
  const auto magnitude = hn::Abs(x);
  const auto far = hn::NegMulAdd(two, hn::Div(one, hn::Add(exponential(hn::Add(magnitude, magnitude)), one)), one);
  const auto s = hn::Mul(x, x);
  auto p = hn::Set(d, -5.70498872745e-3f);
  p = hn::MulAdd(p, s, hn::Set(d, 2.06390887954e-2f));
  p = hn::MulAdd(p, s, hn::Set(d, -5.37397155531e-2f));
  p = hn::MulAdd(p, s, hn::Set(d, 1.33314422036e-1f));
  p = hn::MulAdd(p, s, hn::Set(d, -3.33332819422e-1f));
  const auto near = hn::MulAdd(hn::Mul(p, s), x, x);
  return hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0.625f)), near, hn::CopySign(far, x));
}

}  // namespace HWY_NAMESPACE
}  // namespace limn::kernels
HWY_AFTER_NAMESPACE();

#endif  // include guard
