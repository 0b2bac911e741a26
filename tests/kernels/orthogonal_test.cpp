// Random orthogonal matrices: Q Qᵀ = I, the reflections by hand, and the distribution.
#include "limn/kernels/products/orthogonal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "testing/compare.hpp"
#include "testing/simd_targets.hpp"

namespace limn::kernels {
namespace {

using limn::testing::all_near;
using limn::testing::for_each_simd_target;

std::vector<float> orthogonal(std::int64_t size, std::uint64_t index = 0) {
  std::vector<float> values(static_cast<std::size_t>(size * size));
  RandomStream random(3, Purpose::kTest, 0, index);
  random_orthogonal(random, Matrix(std::span(values), size, size));
  return values;
}

// The largest difference between Q Qᵀ and I.
double error_of(const std::vector<float>& q, std::int64_t size) {
  const ConstMatrix rows(q.data(), size, size);
  double worst = 0;
  for (std::int64_t r = 0; r < size; ++r) {
    for (std::int64_t other = 0; other <= r; ++other) {
      double product = 0;
      for (std::int64_t k = 0; k < size; ++k)
        product += static_cast<double>(rows(r, k)) * static_cast<double>(rows(other, k));
      worst = std::max(worst, std::abs(product - (r == other ? 1 : 0)));
    }
  }
  return worst;
}

// H_0 H_1 … H_{N-1} times the signs, each reflection as I - 2 v vᵀ / |v|², column by column in double.
std::vector<double> by_hand(std::int64_t size) {
  const auto n = static_cast<std::size_t>(size);
  RandomStream random(3, Purpose::kTest);
  std::vector<std::vector<double>> vectors(n, std::vector<double>(n));
  std::vector<double> q(n * n), signs(n);
  for (std::size_t i = 0; i < n; ++i) {
    double square = 0;
    for (std::size_t k = i; k < n; ++k) {
      vectors[i][k] = static_cast<double>(random.normal());
      square += vectors[i][k] * vectors[i][k];
    }
    signs[i] = vectors[i][i] < 0 ? 1 : -1;
    vectors[i][i] -= signs[i] * std::sqrt(square);
  }
  for (std::size_t column = 0; column < n; ++column) {
    std::vector<double> x(n);
    x[column] = signs[column];
    for (std::size_t i = n; i-- > 0;) {
      double along = 0, square = 0;
      for (std::size_t k = 0; k < n; ++k) {
        along += vectors[i][k] * x[k];
        square += vectors[i][k] * vectors[i][k];
      }
      for (std::size_t k = 0; k < n; ++k) x[k] -= 2 * along / square * vectors[i][k];
    }
    for (std::size_t row = 0; row < n; ++row) q[row * n + column] = x[row];
  }
  return q;
}

TEST(RandomOrthogonal, IsOrthogonalOnEveryInstructionSet) {
  for_each_simd_target([] {
    for (const std::int64_t size : {1, 2, 7, 16, 17, 33, 150})
      EXPECT_LT(error_of(orthogonal(size), size), 2e-7) << size;
  });
}

TEST(RandomOrthogonal, IsTheProductOfItsReflections) {
  for_each_simd_target([] {
    for (const std::int64_t size : {1, 3, 19}) {
      const std::vector<double> expected = by_hand(size);
      EXPECT_TRUE(all_near(orthogonal(size), std::vector<float>(expected.begin(), expected.end()),
                           limn::testing::kElementwise, "orthogonal matrix"))
          << size;
    }
  });
}

TEST(RandomOrthogonal, DoesNotDependOnTheNumberOfThreads) {
  const std::vector<float> expected = orthogonal(170);
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    EXPECT_EQ(orthogonal(170), expected) << threads << " threads";
  }
  set_thread_count(0);
}

// Of Haar's measure every element has the mean 0 and the variance 1 / N, and the determinant is as often 1 as -1.
TEST(RandomOrthogonal, EveryElementHasTheSameDistribution) {
  constexpr std::size_t kSize = 3, kDraws = 4000;
  std::vector<double> sum(kSize * kSize), squares(kSize * kSize);
  double determinants = 0;
  for (std::size_t draw = 0; draw < kDraws; ++draw) {
    const std::vector<float> q = orthogonal(kSize, draw);
    for (std::size_t i = 0; i < q.size(); ++i) {
      sum[i] += static_cast<double>(q[i]);
      squares[i] += static_cast<double>(q[i]) * static_cast<double>(q[i]);
    }
    determinants += static_cast<double>(q[0] * (q[4] * q[8] - q[5] * q[7]) - q[1] * (q[3] * q[8] - q[5] * q[6]) +
                                        q[2] * (q[3] * q[7] - q[4] * q[6]));
  }
  for (std::size_t i = 0; i < sum.size(); ++i) {
    EXPECT_NEAR(sum[i] / kDraws, 0, 0.04) << i;
    EXPECT_NEAR(squares[i] / kDraws, 1.0 / kSize, 0.02) << i;
  }
  EXPECT_NEAR(determinants / kDraws, 0, 0.06);
}

TEST(RandomOrthogonal, RefusesAMatrixThatIsNotSquare) {
  std::vector<float> values(6);
  RandomStream random(1, Purpose::kTest);
  EXPECT_THROW(random_orthogonal(random, Matrix(std::span(values), 2, 3)), Error);
}

}  // namespace
}  // namespace limn::kernels
