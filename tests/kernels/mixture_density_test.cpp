#include "limn/kernels/losses/mixture_density.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "testing/compare.hpp"
#include "testing/simd_targets.hpp"

namespace limn::kernels {
namespace {

using limn::testing::all_near;
using limn::testing::for_each_simd_target;
using limn::testing::near;

struct Problem {
  std::int64_t rows = 0, mixtures = 0;
  std::vector<float> outputs, targets;

  [[nodiscard]] std::int64_t columns() const { return output_size(mixtures); }
  [[nodiscard]] ConstMatrix output_view() const { return {outputs.data(), rows, columns()}; }
  [[nodiscard]] ConstMatrix target_view() const { return {targets.data(), rows, 5}; }
};

struct Result {
  MixtureDensitySums sums;
  std::vector<float> gradient;
};

// Ordinary outputs; every third row lifts the pen, every fifth is an end.
Problem random_problem(std::int64_t rows, std::int64_t mixtures, float spread = 0.7f) {
  Problem problem{rows, mixtures, {}, {}};
  RandomStream random(7, Purpose::kTest, static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(mixtures));
  problem.outputs.resize(static_cast<std::size_t>(rows * problem.columns()));
  for (float& value : problem.outputs) value = spread * random.normal();
  for (std::int64_t r = 0; r < rows; ++r) {
    const bool is_end = r % 5 == 4, is_lifted = !is_end && r % 3 == 2;
    const bool is_down = !is_end && !is_lifted;
    const float dx = is_end ? 0 : random.normal(), dy = is_end ? 0 : random.normal();
    const float row[5] = {dx, dy, is_down ? 1.f : 0.f, is_lifted ? 1.f : 0.f, is_end ? 1.f : 0.f};
    problem.targets.insert(problem.targets.end(), row, row + 5);
  }
  return problem;
}

Result run(const Problem& problem, float scale = 1) {
  Result result;
  result.gradient.assign(problem.outputs.size(), std::numeric_limits<float>::quiet_NaN());
  result.sums = mixture_density_loss(problem.output_view(), problem.target_view(), scale,
                                     {result.gradient.data(), problem.rows, problem.columns()});
  return result;
}

// The paper's formulas as they stand, in double: eq. 9 and 10 for one row.
struct RowLoss {
  double offset = 0, pen = 0;
};
RowLoss plain_row_loss(const std::vector<double>& y, const float* target, std::int64_t mixtures) {
  const auto at = [&](std::int64_t i) { return y[static_cast<std::size_t>(i)]; };
  const auto block = [&](int k, std::int64_t j) { return at(3 + k * mixtures + j); };
  RowLoss loss;
  double pen_total = 0, pi_total = 0, density = 0;
  for (int k = 0; k < 3; ++k) pen_total += std::exp(at(k));
  for (int k = 0; k < 3; ++k) loss.pen -= target[2 + k] * std::log(std::exp(at(k)) / pen_total);
  for (std::int64_t j = 0; j < mixtures; ++j) pi_total += std::exp(block(0, j));
  for (std::int64_t j = 0; j < mixtures; ++j) {
    const double sigma_x = std::exp(block(3, j)), sigma_y = std::exp(block(4, j)), rho = std::tanh(block(5, j));
    const double zx = (target[0] - block(1, j)) / sigma_x, zy = (target[1] - block(2, j)) / sigma_y;
    const double q = 1 - rho * rho;
    const double normal = std::exp(-(zx * zx + zy * zy - 2 * rho * zx * zy) / (2 * q)) /
                          (2 * std::numbers::pi * sigma_x * sigma_y * std::sqrt(q));
    density += std::exp(block(0, j)) / pi_total * normal;
  }
  loss.offset = target[4] == 1 ? 0 : -std::log(density + 1e-6);
  return loss;
}

// Sums and numeric gradients of plain_row_loss.
struct PlainResult {
  MixtureDensitySums sums;
  std::vector<double> gradient;
};
PlainResult plain(const Problem& problem, double scale = 1) {
  PlainResult result;
  for (std::int64_t r = 0; r < problem.rows; ++r) {
    const float* row = problem.output_view().row(r);
    const float* target = problem.target_view().row(r);
    std::vector<double> y(row, row + problem.columns());
    const RowLoss loss = plain_row_loss(y, target, problem.mixtures);
    result.sums.offset += loss.offset;
    result.sums.pen += loss.pen;
    if (target[4] != 1) result.sums.pen_drawing += loss.pen;
    for (double& value : y) {
      const double kept = value, step = 1e-5;
      value = kept + step;
      const RowLoss up = plain_row_loss(y, target, problem.mixtures);
      value = kept - step;
      const RowLoss down = plain_row_loss(y, target, problem.mixtures);
      value = kept;
      result.gradient.push_back(scale * (up.offset + up.pen - down.offset - down.pen) / (2 * step));
    }
  }
  return result;
}

void expect_plain(const Problem& problem, float scale) {
  const Result actual = run(problem, scale);
  const PlainResult expected = plain(problem, scale);
  EXPECT_TRUE(near(actual.sums.offset, expected.sums.offset, testing::kFloat32, "offset"));
  EXPECT_TRUE(near(actual.sums.pen, expected.sums.pen, testing::kFloat32, "pen"));
  EXPECT_TRUE(near(actual.sums.pen_drawing, expected.sums.pen_drawing, testing::kFloat32, "pen_drawing"));
  EXPECT_TRUE(all_near(actual.gradient, expected.gradient, testing::kFloat32, "gradient"));
}

TEST(MixtureDensity, IsWhatOneComputesByHand) {
  // One standard component, offset (1, 2), pen down, all pen logits equal:
  // density = exp(-(1 + 4) / 2) / 2π = 0.0130642333; log(density + 1e-6) = -4.33780051; pen = log 3.
  Problem problem{1, 1, {0, 0, 0, 5, 0, 0, 0, 0, 0}, {1, 2, 1, 0, 0}};
  const Result result = run(problem);
  const double density = std::exp(-2.5) / (2 * std::numbers::pi);
  const double weight = density / (density + 1e-6);
  EXPECT_NEAR(result.sums.offset, 4.33780051, 2e-6);
  EXPECT_NEAR(result.sums.pen, 1.09861229, 1e-6);
  EXPECT_NEAR(result.sums.pen_drawing, 1.09861229, 1e-6);
  // d/d pen: 1/3 - p; pi: 0; mu: -(x - mu); log sigma: 1 - z²; rho_hat: -z_x z_y; all times the weight.
  const std::vector<double> expected{-2.0 / 3, 1.0 / 3, 1.0 / 3, 0, -weight, -2 * weight, 0, -3 * weight, -2 * weight};
  EXPECT_TRUE(all_near(result.gradient, expected, testing::kFloat32, "gradient"));
}

TEST(MixtureDensity, MatchesThePaperFormulaOnEveryTarget) {
  for_each_simd_target([] {
    for (const std::int64_t mixtures : {1, 2, 4, 8, 9, 16, 17, 20, 33}) {
      SCOPED_TRACE("M = " + std::to_string(mixtures));
      expect_plain(random_problem(11, mixtures), 1);
    }
    expect_plain(random_problem(1, 5), 0.25f);
  });
}

TEST(MixtureDensity, MatchesFormulaWhereTheFloorDominates) {
  // Density around 1e-6 and below: the gradient must fade as the 1e-6 takes over.
  Problem problem = random_problem(6, 4);
  for (std::int64_t r = 0; r < problem.rows; ++r) {
    problem.targets[static_cast<std::size_t>(r * 5)] += 3.0f + 0.5f * static_cast<float>(r);
  }
  expect_plain(problem, 1);
}

TEST(MixtureDensity, EndRowsHaveNoOffsetTerm) {
  Problem problem = random_problem(5, 4);
  const auto with = run(problem);
  const std::size_t columns = static_cast<std::size_t>(problem.columns());
  const std::vector<float> mixture(with.gradient.end() - static_cast<std::ptrdiff_t>(columns - 3), with.gradient.end());
  EXPECT_EQ(mixture, std::vector<float>(columns - 3, 0.0f));
  Problem drawing = problem;
  drawing.rows = 4;
  drawing.outputs.resize(4 * columns);
  drawing.targets.resize(4 * 5);
  const auto without = run(drawing);
  EXPECT_EQ(with.sums.offset, without.sums.offset);
  EXPECT_EQ(with.sums.pen_drawing, without.sums.pen);
  EXPECT_GT(with.sums.pen, without.sums.pen);
}

TEST(MixtureDensity, StaysFiniteForExtremeOutputs) {
  for_each_simd_target([] {
    for (const float big : {12.f, 25.f, 100.f, 1e4f, 1e9f}) {
      for (std::int64_t column = 0; column < output_size(3); ++column) {
        for (const float sign : {-1.f, 1.f}) {
          SCOPED_TRACE("column " + std::to_string(column) + " = " + std::to_string(sign * big));
          Problem problem = random_problem(3, 3);
          for (std::int64_t r = 0; r < problem.rows; ++r) {
            problem.outputs[static_cast<std::size_t>(r * problem.columns() + column)] = sign * big;
          }
          const Result result = run(problem);
          EXPECT_TRUE(std::isfinite(result.sums.offset));
          EXPECT_TRUE(std::isfinite(result.sums.pen));
          EXPECT_TRUE(std::ranges::all_of(result.gradient, [](float g) { return std::isfinite(g); }));
        }
      }
    }
  });
}

TEST(MixtureDensity, StaysFiniteWhenEverythingIsExtremeAtOnce) {
  RandomStream random(3, Purpose::kTest);
  for (const float spread : {10.f, 60.f, 500.f, 1e5f}) {
    Problem problem = random_problem(300, 5, spread);
    for (float& value : problem.targets) {
      if (value != 0 && value != 1) value *= spread * random.uniform();
    }
    const Result result = run(problem);
    EXPECT_TRUE(std::isfinite(result.sums.offset)) << spread;
    EXPECT_TRUE(std::isfinite(result.sums.pen)) << spread;
    EXPECT_TRUE(std::ranges::all_of(result.gradient, [](float g) { return std::isfinite(g); })) << spread;
  }
}

TEST(MixtureDensity, FarTargetCostsTheFloorAndPullsNowhere) {
  Problem problem{1, 2, std::vector<float>(15, 0.0f), {1e6f, -1e6f, 1, 0, 0}};
  const Result result = run(problem);
  EXPECT_NEAR(result.sums.offset, -std::log(1e-6), 1e-5);
  EXPECT_EQ(std::vector<float>(result.gradient.begin() + 3, result.gradient.end()), std::vector<float>(12, 0.0f));
}

TEST(MixtureDensity, KeepsItsDigitsWhereTanhRoundsToOne) {
  // rho_hat = 12: 1 - rho² in float32 is 0, in truth 1.5e-10. The target lies on the ridge z_x = z_y, where
  // -log N = log 2π - log cosh 12 + z² (1 + exp(-24)) / 2, z = 0.5.
  Problem problem{1, 1, {0, 0, 0, 0, 0, 0, 0, 0, 12}, {0.5f, 0.5f, 1, 0, 0}};
  const double expected = std::log(2 * std::numbers::pi) - std::log(std::cosh(12.0)) + 0.25 * (1 + std::exp(-24.0)) / 2;
  EXPECT_TRUE(near(run(problem).sums.offset, expected, testing::kFloat32, "offset"));
  // Beside the ridge the density vanishes.
  problem.targets[1] = 0.6f;
  EXPECT_NEAR(run(problem).sums.offset, -std::log(1e-6), 1e-5);
}

TEST(MixtureDensity, ABrokenModelShows) {
  for (const float broken : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (std::int64_t column = 0; column < output_size(2); ++column) {
      Problem problem = random_problem(2, 2);
      problem.outputs[static_cast<std::size_t>(column)] = broken;
      const Result result = run(problem);
      EXPECT_TRUE(std::isnan(result.sums.offset + result.sums.pen)) << "column " << column;
      EXPECT_TRUE(std::ranges::any_of(result.gradient, [](float g) { return std::isnan(g); })) << "column " << column;
    }
  }
}

TEST(MixtureDensity, DoesNotDependOnTheNumberOfThreads) {
  const Problem problem = random_problem(700, 7);
  set_thread_count(1);
  const Result one = run(problem, 0.01f);
  set_thread_count(5);
  const Result five = run(problem, 0.01f);
  set_thread_count(0);
  EXPECT_EQ(one.sums.offset, five.sums.offset);
  EXPECT_EQ(one.sums.pen, five.sums.pen);
  EXPECT_EQ(one.sums.pen_drawing, five.sums.pen_drawing);
  EXPECT_EQ(one.gradient, five.gradient);
}

TEST(MixtureDensity, WithoutGradientGivesTheSameSums) {
  const Problem problem = random_problem(130, 6);
  const auto with = run(problem).sums;
  const auto without = mixture_density_loss(problem.output_view(), problem.target_view(), 1);
  EXPECT_EQ(with.offset, without.offset);
  EXPECT_EQ(with.pen, without.pen);
  EXPECT_EQ(with.pen_drawing, without.pen_drawing);
}

TEST(MixtureDensity, ReadsAndWritesOnlyItsOwnColumns) {
  const Problem problem = random_problem(3, 4);
  const std::int64_t stride = problem.columns() + 5;
  std::vector<float> wide(static_cast<std::size_t>(3 * stride), 99.0f), gradient(wide.size(), 77.0f);
  for (std::int64_t r = 0; r < 3; ++r) {
    std::copy_n(problem.output_view().row(r), problem.columns(), wide.begin() + r * stride);
  }
  const auto sums = mixture_density_loss({wide.data(), 3, problem.columns(), stride}, problem.target_view(), 1,
                                         {gradient.data(), 3, problem.columns(), stride});
  const Result expected = run(problem);
  EXPECT_EQ(sums.offset, expected.sums.offset);
  for (std::int64_t r = 0; r < 3; ++r) {
    for (std::int64_t c = 0; c < stride; ++c) {
      const float value = gradient[static_cast<std::size_t>(r * stride + c)];
      EXPECT_EQ(value,
                c < problem.columns() ? expected.gradient[static_cast<std::size_t>(r * problem.columns() + c)] : 77.0f);
    }
  }
}

TEST(MixtureDensity, NoRowsCostNothing) {
  const Problem problem{0, 3, {}, {}};
  const auto sums = run(problem).sums;
  EXPECT_EQ(sums.offset, 0);
  EXPECT_EQ(sums.pen, 0);
}

TEST(MixtureDensity, RefusesOtherShapes) {
  const std::vector<float> outputs(30), targets(15);
  std::vector<float> gradient(30);
  const auto loss = [&](std::int64_t columns, std::int64_t target_rows, std::int64_t gradient_rows) {
    return mixture_density_loss({outputs.data(), 3, columns}, {targets.data(), target_rows, 5}, 1,
                                {gradient.data(), gradient_rows, columns});
  };
  EXPECT_NO_THROW(static_cast<void>(loss(9, 3, 3)));
  EXPECT_THROW(static_cast<void>(loss(3, 3, 3)), Error);
  EXPECT_THROW(static_cast<void>(loss(8, 3, 3)), Error);
  EXPECT_THROW(static_cast<void>(loss(9, 2, 3)), Error);
  EXPECT_THROW(static_cast<void>(loss(9, 3, 2)), Error);
}

}  // namespace
}  // namespace limn::kernels
