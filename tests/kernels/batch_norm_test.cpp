// Batch normalisation against its definition in double, and its gradients against differences of that definition.
#include "limn/kernels/images/batch_norm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "limn/core/random.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "testing/compare.hpp"

namespace limn::kernels {
namespace {

using limn::testing::all_near;
using limn::testing::kFloat32;

std::vector<float> normals(std::int64_t count, std::uint64_t index, float mean = 0) {
  RandomStream random(9, Purpose::kTest, 0, index);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& v : values) v = mean + random.normal();
  return values;
}

struct Problem {
  std::int64_t rows, channels;
  std::vector<float> x = normals(rows * channels, 1, 2), dy = normals(rows * channels, 2);
  std::vector<float> gamma = normals(channels, 3, 1), beta = normals(channels, 4);

  [[nodiscard]] ConstMatrix view(const std::vector<float>& values) const { return {std::span(values), rows, channels}; }
  [[nodiscard]] double at(const std::vector<float>& values, std::int64_t r, std::int64_t c) const {
    return static_cast<double>(values[static_cast<std::size_t>(r * channels + c)]);
  }
};

// Mean and biased variance of channel c; x(moved, c) is larger by `step`.
struct Moments {
  double mean = 0, variance = 0;
  Moments(const Problem& p, std::int64_t c, std::int64_t moved = 0, double step = 0) {
    const auto n = static_cast<double>(p.rows);
    mean = step / n;
    for (std::int64_t r = 0; r < p.rows; ++r) mean += p.at(p.x, r, c) / n;
    for (std::int64_t r = 0; r < p.rows; ++r)
      variance += std::pow(p.at(p.x, r, c) + (r == moved ? step : 0) - mean, 2) / n;
  }
};

// Σ dy ŷ of channel c, where ŷ is what is normalised, before γ and β.
double normalised_sum(const Problem& p, std::int64_t c, std::int64_t moved = 0, double step = 0) {
  const Moments m(p, c, moved, step);
  double sum = 0;
  for (std::int64_t r = 0; r < p.rows; ++r)
    sum += p.at(p.dy, r, c) * (p.at(p.x, r, c) + (r == moved ? step : 0) - m.mean) / std::sqrt(m.variance + 1e-5);
  return sum;
}

struct Gradients {
  std::vector<float> dx, d_gamma, d_beta;
};
Gradients gradients_of(const Problem& p) {
  const auto channels = static_cast<std::size_t>(p.channels);
  Gradients g{.dx = p.dy, .d_gamma = std::vector<float>(channels), .d_beta = std::vector<float>(channels)};
  batch_norm_backward({.x = p.view(p.x),
                       .statistics = batch_statistics(p.view(p.x)),
                       .gamma = p.gamma,
                       .d = Matrix(std::span(g.dx), p.rows, p.channels),
                       .d_gamma = g.d_gamma,
                       .d_beta = g.d_beta});
  return g;
}

std::vector<Problem> problems() {
  std::vector<Problem> all;
  for (const std::int64_t rows : {3, 7, 513, 1031})
    for (const std::int64_t channels : {1, 3, 17}) all.push_back({.rows = rows, .channels = channels});
  return all;
}

TEST(BatchNorm, IsTheDefinition) {
  auto all = problems();
  all.push_back({.rows = 1, .channels = 5});
  for (const Problem& p : all) {
    const BatchStatistics statistics = batch_statistics(p.view(p.x));
    std::vector<float> y(p.x.size());
    std::vector<double> expected(p.x.size()), means, variances;
    apply(channel_map({statistics.mean, statistics.variance, p.gamma, p.beta}), p.view(p.x),
          Matrix(std::span(y), p.rows, p.channels));
    for (std::int64_t c = 0; c < p.channels; ++c) {
      const Moments m(p, c);
      means.push_back(m.mean);
      variances.push_back(m.variance);
      for (std::int64_t r = 0; r < p.rows; ++r)
        expected[static_cast<std::size_t>(r * p.channels + c)] =
            p.at(p.gamma, 0, c) * (p.at(p.x, r, c) - m.mean) / std::sqrt(m.variance + 1e-5) + p.at(p.beta, 0, c);
    }
    EXPECT_EQ(statistics.count, p.rows);
    EXPECT_TRUE(all_near(statistics.mean, means, kFloat32, "mean"));
    EXPECT_TRUE(all_near(statistics.variance, variances, kFloat32, "variance"));
    // One row alone: x − mean is all rounding, and 1 / √ε enlarges it.
    if (p.rows > 1)
      EXPECT_TRUE(all_near(y, expected, kFloat32, "y")) << p.rows << " x " << p.channels;
    else
      EXPECT_TRUE(all_near(y, expected, limn::testing::kCancelling, "y of one row"));
  }
}

TEST(BatchNorm, GradientsAreDifferencesOfTheDefinition) {
  constexpr double kStep = 1e-5;
  for (const Problem& p : problems()) {
    const Gradients g = gradients_of(p);
    std::vector<double> dx(p.x.size()), d_gamma, d_beta;
    for (std::int64_t c = 0; c < p.channels; ++c) {
      d_gamma.push_back(normalised_sum(p, c));
      d_beta.push_back(0);
      for (std::int64_t r = 0; r < p.rows; ++r) d_beta.back() += p.at(p.dy, r, c);
    }
    // Every row of a small matrix, some of a large one: a difference costs a pass over the column.
    std::vector<float> checked;
    std::vector<double> expected;
    for (std::int64_t r = 0; r < p.rows; r += 1 + p.rows / 16) {
      for (std::int64_t c = 0; c < p.channels; ++c) {
        checked.push_back(g.dx[static_cast<std::size_t>(r * p.channels + c)]);
        expected.push_back(p.at(p.gamma, 0, c) * (normalised_sum(p, c, r, kStep) - normalised_sum(p, c, r, -kStep)) /
                           (2 * kStep));
      }
    }
    EXPECT_TRUE(all_near(checked, expected, kFloat32, "dx")) << p.rows << " x " << p.channels;
    EXPECT_TRUE(all_near(g.d_gamma, d_gamma, kFloat32, "d gamma")) << p.rows << " x " << p.channels;
    EXPECT_TRUE(all_near(g.d_beta, d_beta, kFloat32, "d beta")) << p.rows << " x " << p.channels;
  }
}

TEST(BatchNorm, DoesNotDependOnThreads) {
  const Problem p{.rows = 40009, .channels = 17};
  set_thread_count(1);
  const BatchStatistics one = batch_statistics(p.view(p.x));
  const Gradients one_back = gradients_of(p);
  set_thread_count(3);
  const BatchStatistics three = batch_statistics(p.view(p.x));
  const Gradients three_back = gradients_of(p);
  set_thread_count(0);
  EXPECT_EQ(one.mean, three.mean);
  EXPECT_EQ(one.variance, three.variance);
  EXPECT_EQ(one_back.dx, three_back.dx);
  EXPECT_EQ(one_back.d_gamma, three_back.d_gamma);
  EXPECT_EQ(one_back.d_beta, three_back.d_beta);
}

TEST(BatchNorm, RunningVarianceIsUnbiased) {
  std::vector<float> mean{10, 20}, variance{4, 1};
  update_running({.count = 5, .mean = {0, 30}, .variance = {8, 4}}, mean, variance);
  EXPECT_TRUE(all_near(mean, std::vector<double>{9, 21}, kFloat32, "mean"));
  EXPECT_TRUE(all_near(variance, std::vector<double>{0.9 * 4 + 0.1 * 10, 0.9 + 0.1 * 5}, kFloat32, "variance"));
}

}  // namespace
}  // namespace limn::kernels
