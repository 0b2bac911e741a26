#include "limn/models/latent.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"

namespace limn::models {
namespace {

double norm(std::span<const float> v) {
  double sum = 0;
  for (const float x : v) sum += static_cast<double>(x) * x;
  return std::sqrt(sum);
}

TEST(Slerp, KeepsTheNormAndTheAngleGrowsEvenly) {
  const std::vector<float> a{3, 0, 0, 4}, b{0, 5, 0, 0};
  for (const float t : {0.1F, 0.25F, 0.5F, 0.9F}) {
    const auto z = slerp(a, b, t);
    EXPECT_NEAR(norm(z), 5, 1e-5);
    double dot = 0;
    for (std::size_t i = 0; i < a.size(); ++i) dot += static_cast<double>(a[i]) * z[i];
    EXPECT_NEAR(std::acos(dot / 25), t * std::acos(0.0), 1e-5);
  }
}

TEST(Slerp, EndsExactly) {
  const std::vector<float> a{0.3F, -1.7F, 2.2F}, b{1.1F, 0.4F, -0.6F};
  EXPECT_EQ(slerp(a, b, 0), a);
  EXPECT_EQ(slerp(a, b, 1), b);
}

TEST(Slerp, IsLinearWhereThereIsNoArc) {
  const std::vector<float> a{2, 4, -6}, half{1, 2, -3}, zero{0, 0, 0}, opposite{-2, -4, 6};
  EXPECT_THAT(slerp(a, half, 0.5F), ::testing::Pointwise(::testing::FloatNear(1e-6F), {1.5F, 3.0F, -4.5F}));
  EXPECT_THAT(slerp(a, zero, 0.25F), ::testing::Pointwise(::testing::FloatNear(1e-6F), {1.5F, 3.0F, -4.5F}));
  EXPECT_THAT(slerp(zero, zero, 0.5F), ::testing::ElementsAre(0, 0, 0));
  EXPECT_THAT(slerp(a, opposite, 0.5F), ::testing::Each(::testing::FloatNear(0, 1e-6F)));
}

TEST(Slerp, RefusesDifferentLengths) {
  const std::vector<float> a{1, 2}, b{1, 2, 3};
  EXPECT_THROW((void)slerp(a, b, 0.5F), Error);
}

TEST(InterpolateLatents, HasBothEnds) {
  const std::vector<float> a{1, 2, 0.5F}, b{-2, 0.3F, 1};
  const Latents path = interpolate_latents(a, b, 5);
  ASSERT_EQ(path.count(), 5);
  EXPECT_THAT(path.row(0), ::testing::ElementsAreArray(a));
  EXPECT_THAT(path.row(2), ::testing::ElementsAreArray(slerp(a, b, 0.5F)));
  EXPECT_THAT(path.row(4), ::testing::ElementsAreArray(b));
  EXPECT_THROW((void)interpolate_latents(a, b, 1), Error);
}

TEST(LatentGrid, HasItsCornersInPlace) {
  const std::vector<float> tl{1, 2, 3}, tr{-1, 0, 2}, bl{0, 0, 1}, br{2, -2, 0};
  const Latents grid = latent_grid({.top_left = tl, .top_right = tr, .bottom_left = bl, .bottom_right = br}, 3, 4);
  ASSERT_EQ(grid.count(), 12);
  EXPECT_THAT(grid.row(0), ::testing::ElementsAreArray(tl));
  EXPECT_THAT(grid.row(3), ::testing::ElementsAreArray(tr));
  EXPECT_THAT(grid.row(8), ::testing::ElementsAreArray(bl));
  EXPECT_THAT(grid.row(11), ::testing::ElementsAreArray(br));
  EXPECT_THAT(grid.row(4), ::testing::ElementsAreArray(slerp(tl, bl, 0.5F)));
}

TEST(PriorLatents, DependOnSeedAndIndexOnly) {
  const Latents all = prior_latents(7, 5, 11), tail = prior_latents(3, 5, 11, 4), other = prior_latents(7, 5, 12);
  for (std::int64_t i = 0; i < 3; ++i) EXPECT_THAT(tail.row(i), ::testing::ElementsAreArray(all.row(4 + i)));
  EXPECT_NE(all.values, other.values);
  const Latents many = prior_latents(2000, 10, 1);
  double sum = 0, squares = 0;
  for (const float v : many.values) sum += v, squares += static_cast<double>(v) * v;
  EXPECT_NEAR(sum / 20000, 0, 0.03);
  EXPECT_NEAR(squares / 20000, 1, 0.04);
}

TEST(PosteriorLatents, AreMuPlusScaledNoise) {
  LatentPosterior p{.mu = Latents(2, 3), .log_variance = Latents(2, 3)};
  p.mu.values = {1, 2, 3, 4, 5, 6};
  p.log_variance.values = {0, 0, 0, 2, 2, 2};
  const std::vector<std::int64_t> indices{5, 9};
  const Latents z = posterior_latents(p, 3, indices);
  for (std::int64_t i = 0; i < 2; ++i) {
    std::vector<float> noise(3);
    RandomStream(3, Purpose::kLatentEvaluation, 0, static_cast<std::uint64_t>(indices[static_cast<std::size_t>(i)]))
        .fill_normal(noise);
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_FLOAT_EQ(z.row(i)[k], p.mu.row(i)[k] + std::exp(static_cast<float>(i)) * noise[k]);
  }
}

// ½ Σ (μ² + σ² − 1 − log σ²) of all rows.
TEST(PosteriorKl, IsTheSumOverRowsAndDimensions) {
  const std::vector<float> rows{1, -2, 0.5F, 0, 0, 0, 3, 0, -1.5F, 2, -1, 0.25F};
  const LatentPosterior p = posterior_of(ConstMatrix(rows, 2, 6));
  EXPECT_THAT(p.mu.values, ::testing::ElementsAre(1, -2, 0.5F, 3, 0, -1.5F));
  EXPECT_THAT(p.log_variance.values, ::testing::ElementsAre(0, 0, 0, 2, -1, 0.25F));
  double expected = 0;
  for (std::size_t i = 0; i < p.mu.values.size(); ++i) {
    const double mu = p.mu.values[i], log_variance = p.log_variance.values[i];
    expected += 0.5 * (mu * mu + std::exp(log_variance) - 1 - log_variance);
  }
  EXPECT_NEAR(posterior_kl(p), expected, 1e-5);
  EXPECT_EQ(posterior_kl(posterior_of(ConstMatrix(rows.data(), 0, 6))), 0);
}

}  // namespace
}  // namespace limn::models
