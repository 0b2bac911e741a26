// How two tensors are compared in every test: element by element, with one table of tolerances. A failure
// names the worst element, both of its values and the share of the limit that it used.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace limn::testing {

// An element may differ by relative · |expected| + absolute · max(largest |expected| of the tensor, floor): a
// sum in floating point is as exact as its largest term, not as its result. Where the test knows an element's
// sensitivity (see all_near), it may differ by roundings · sensitivity more.
struct Tolerance {
  double relative = 0;
  double absolute = 0;
  double floor = 0;
  double roundings = 0;
};

// The one table. eps is 1.2e-7 for float32 and 2.2e-16 for float64.
// Same arithmetic in the same order: not one bit.
inline constexpr Tolerance kExact{};
// One float32 operation after another on single elements, other order or fused: some 10 eps.
inline constexpr Tolerance kElementwise{.relative = 2e-6, .absolute = 2e-7};
// float32 against float32 or float64 through exp, log, tanh and sums of some hundred terms: some 100 eps.
inline constexpr Tolerance kFloat32{.relative = 1e-5, .absolute = 2e-6, .floor = 1e-3};
// kFloat32 for a sequence of steps whose terms may cancel: a few steps' roundings count as those of the inputs.
inline constexpr Tolerance kFloat32Steps{.relative = 1e-5, .absolute = 2e-6, .floor = 1e-3, .roundings = 8};
// Gradients through a whole model, decoder to encoder: small ones are what is left of large ones that cancelled.
inline constexpr Tolerance kWholeModel{.relative = 1e-4, .absolute = 1e-5, .floor = 1e-3, .roundings = 8};
// kFloat32 where z_x - z_y cancels under a correlation near ±1: rounding grows by up to cosh² rho_hat.
inline constexpr Tolerance kCancelling{.relative = 1e-3, .absolute = 1e-4, .floor = 1e-3};
// Matrix inputs rounded to bf16 (8 bits, eps 7.8e-3), sums in float32; steps as above.
inline constexpr Tolerance kBFloat16{.relative = 3e-2, .absolute = 2e-2, .floor = 1e-3, .roundings = 8};
// The other roundings of the inputs from which a sensitivity is measured, and half a unit in the last place.
inline constexpr int kConditionDraws = 8;
inline constexpr double kHalfUnit = 0x1p-24, kHalfUnitBFloat16 = 0x1p-8;
// float64 derivative against a central difference, step 2e-6: step² of truncation, eps / step of rounding.
inline constexpr Tolerance kNumericGradient{.relative = 1e-6, .absolute = 1e-7, .floor = 1e-2};

// Success if every element of `actual` is within the tolerance of `expected` and the sizes agree. A NaN never
// is. `sensitivity` is empty or says of each element how far its exact value moves when the inputs are rounded:
// the condition of the problem, below which no computation in that precision can stay.
template <class A, class E>
::testing::AssertionResult all_near(std::span<const A> actual, std::span<const E> expected, const Tolerance& tolerance,
                                    const std::string& what, std::span<const E> sensitivity = {}) {
  if (actual.size() != expected.size()) {
    return ::testing::AssertionFailure() << what << " has " << actual.size() << " elements, expected "
                                         << expected.size();
  }
  double largest = tolerance.floor;
  for (const E value : expected) largest = std::max(largest, std::abs(static_cast<double>(value)));
  std::size_t worst = 0, failures = 0;
  double worst_share = -1;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const auto a = static_cast<double>(actual[i]), e = static_cast<double>(expected[i]);
    const double condition = sensitivity.empty() ? 0 : tolerance.roundings * static_cast<double>(sensitivity[i]);
    const double limit = tolerance.relative * std::abs(e) + tolerance.absolute * largest + condition;
    const double difference = a == e ? 0 : std::abs(a - e);
    double share = difference == 0 ? 0 : difference / limit;
    if (std::isnan(share)) share = std::numeric_limits<double>::infinity();
    failures += share > 1;
    if (share > worst_share) worst_share = share, worst = i;
  }
  if (failures == 0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure().operator<<(what)
         << ": " << failures << " of " << actual.size() << " elements differ too much; worst is [" << worst
         << "]: " << static_cast<double>(actual[worst]) << ", expected " << static_cast<double>(expected[worst]) << ", "
         << worst_share * 100 << " % of the limit";
}

template <class A, class E>
::testing::AssertionResult all_near(const std::vector<A>& actual, const std::vector<E>& expected,
                                    const Tolerance& tolerance, const std::string& what,
                                    const std::vector<E>& sensitivity = {}) {
  return all_near(std::span<const A>(actual), std::span<const E>(expected), tolerance, what,
                  std::span<const E>(sensitivity));
}

inline ::testing::AssertionResult near(double actual, double expected, const Tolerance& tolerance,
                                       const std::string& what) {
  return all_near(std::span<const double>(&actual, 1), std::span<const double>(&expected, 1), tolerance, what);
}

}  // namespace limn::testing
