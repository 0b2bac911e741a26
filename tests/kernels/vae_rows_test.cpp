// Pixel losses and the Gaussian latent against the formulas in double, on every instruction set.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "limn/core/random.hpp"
#include "limn/kernels/losses/gaussian_latent.hpp"
#include "limn/kernels/losses/pixel_losses.hpp"
#include "testing/compare.hpp"
#include "testing/simd_targets.hpp"

namespace limn::kernels {
namespace {

using limn::testing::all_near;
using limn::testing::for_each_simd_target;
using limn::testing::kElementwise;
using limn::testing::kFloat32;

std::vector<float> normals(std::int64_t count, std::uint64_t index, float spread) {
  RandomStream random(6, Purpose::kTest, 0, index);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& v : values) v = spread * random.normal();
  return values;
}

std::vector<float> shares(std::int64_t count, std::uint64_t index) {
  RandomStream random(6, Purpose::kTest, 1, index);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& v : values) v = random.uniform();
  return values;
}

double sigmoid(double l) { return 1 / (1 + std::exp(-l)); }

void check_losses(PixelLikelihood likelihood, std::int64_t rows, std::int64_t columns, float spread,
                  const limn::testing::Tolerance& of_sums = kFloat32) {
  const bool is_bernoulli = likelihood == PixelLikelihood::kBernoulli;
  std::vector<float> logits = normals(rows * columns, static_cast<std::uint64_t>(columns), spread);
  const std::vector<float> targets = shares(rows * columns, static_cast<std::uint64_t>(rows));
  std::vector<double> expected(static_cast<std::size_t>(rows)), gradient;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double l = logits[i], x = targets[i], p = sigmoid(l);
    expected[i / static_cast<std::size_t>(columns)] +=
        is_bernoulli ? std::max(l, 0.0) - x * l + std::log1p(std::exp(-std::abs(l))) : (p - x) * (p - x);
    gradient.push_back(0.25 * (is_bernoulli ? p - x : 2 * (p - x) * p * (1 - p)));
  }
  std::vector<double> sums(expected.size());
  const Matrix view{std::span<float>(logits), rows, columns};
  pixel_losses({.likelihood = likelihood,
                .logits = view,
                .targets = ConstMatrix(std::span(targets), rows, columns),
                .sums = sums,
                .gradient = view,
                .gradient_scale = 0.25f});
  EXPECT_TRUE(all_near(sums, expected, of_sums, "sums"));
  EXPECT_TRUE(all_near(logits, std::vector<float>(gradient.begin(), gradient.end()), kFloat32, "gradient"));
}

TEST(PixelLosses, AreTheFormulas) {
  for_each_simd_target([] {
    for (const auto likelihood : {PixelLikelihood::kBernoulli, PixelLikelihood::kSquaredError})
      for (const std::int64_t columns : {1, 7, 17, 64, 784, 1031}) check_losses(likelihood, 3, columns, 4);
  });
}

TEST(PixelLosses, StayFiniteForLogitsOfAnySize) {
  for_each_simd_target([] { check_losses(PixelLikelihood::kBernoulli, 2, 131, 200); });
  std::vector<float> logits{1e30f, -1e30f};
  const std::vector<float> targets{1, 0};
  std::vector<double> sums(1);
  pixel_losses({.logits = ConstMatrix(std::span<const float>(logits), 1, 2),
                .targets = ConstMatrix(std::span(targets), 1, 2),
                .sums = sums});
  EXPECT_EQ(sums[0], 0);
}

// A sum of 100,000 pixels in float32 is wrong in its fifth digit where a vector has one lane.
TEST(PixelLosses, OfManyPixelsAreAsExactAsOfFew) {
  for_each_simd_target([] {
    for (const auto likelihood : {PixelLikelihood::kBernoulli, PixelLikelihood::kSquaredError})
      check_losses(likelihood, 1, 100'003, 4, kElementwise);
  });
}

TEST(PixelLosses, WorkWithoutGradientAndWithoutRows) {
  const std::vector<float> logits{0.5f, -1}, targets{1, 0};
  std::vector<double> sums(1);
  pixel_losses(
      {.logits = ConstMatrix(std::span(logits), 1, 2), .targets = ConstMatrix(std::span(targets), 1, 2), .sums = sums});
  EXPECT_NEAR(sums[0], std::log1p(std::exp(-0.5)) + std::log1p(std::exp(-1.0)), 1e-6);
  pixel_losses({});
}

TEST(Logistic, IsTheFormula) {
  for_each_simd_target([] {
    std::vector<float> values = normals(4099, 9, 30);
    std::vector<double> expected;
    for (const float v : values) expected.push_back(sigmoid(v));
    logistic(values, values);
    EXPECT_TRUE(all_near(values, std::vector<float>(expected.begin(), expected.end()), kElementwise, "logistic"));
  });
}

// dz of the loss Σ w z, whose gradients together with kl_scale · KL have closed forms.
void check_latent(LatentSpread spread, std::int64_t z_size) {
  const auto n = static_cast<std::size_t>(z_size);
  // log σ² is `factor` times the second half of the latent.
  const double factor = spread == LatentSpread::kLogVariance ? 1 : 2;
  const std::vector<float> latent = normals(2 * z_size, 1, 0.8f), noise = normals(z_size, 2, 1);
  const std::vector<float> dz = normals(z_size, 3, 1);
  std::vector<float> z(n), gradient = latent;
  constexpr float kScale = 0.3f;
  double log_ratio = 0;
  const double kl = gaussian_latent_row({.spread = spread,
                                         .z_size = z_size,
                                         .latent = latent.data(),
                                         .noise = noise.data(),
                                         .z = z.data(),
                                         .log_ratio = &log_ratio});
  gaussian_latent_backward_row({.spread = spread,
                                .z_size = z_size,
                                .kl_scale = kScale,
                                .z = z.data(),
                                .dz = dz.data(),
                                .latent = gradient.data()});
  double expected_kl = 0, expected_ratio = 0;
  std::vector<float> expected_z, expected, d_spread;
  for (std::size_t i = 0; i < n; ++i) {
    const double mu = latent[i], variance = std::exp(factor * latent[n + i]), drawn = std::sqrt(variance) * noise[i];
    expected_kl += 0.5 * (mu * mu + variance - std::log(variance) - 1);
    // log N(z | 0, 1) - log N(z | μ, σ²).
    expected_ratio += drawn * drawn / (2 * variance) + 0.5 * std::log(variance) - 0.5 * (mu + drawn) * (mu + drawn);
    expected_z.push_back(static_cast<float>(mu + drawn));
    expected.push_back(static_cast<float>(dz[i] + kScale * mu));
    d_spread.push_back(static_cast<float>(0.5 * factor * (dz[i] * drawn + kScale * (variance - 1))));
  }
  expected.insert(expected.end(), d_spread.begin(), d_spread.end());
  EXPECT_NEAR(kl, expected_kl, 1e-5 * (1 + std::abs(expected_kl)));
  EXPECT_NEAR(log_ratio, expected_ratio, 1e-5 * (1 + z_size));
  EXPECT_TRUE(all_near(z, expected_z, kElementwise, "z"));
  EXPECT_TRUE(all_near(gradient, expected, kFloat32, "gradient"));
}

TEST(GaussianLatent, IsTheFormulas) {
  for_each_simd_target([] {
    for (const LatentSpread spread : {LatentSpread::kLogVariance, LatentSpread::kLogDeviation})
      for (const std::int64_t z_size : {1, 2, 7, 16, 33}) check_latent(spread, z_size);
  });
}

}  // namespace
}  // namespace limn::kernels
