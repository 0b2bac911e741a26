#include "limn/models/latent_planes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "limn/core/error.hpp"

namespace limn::models {
namespace {

TEST(NormalQuantile, IsTheInverseOfTheDistribution) {
  for (const double p : {1e-9, 0.001, 0.05, 0.3, 0.5, 0.8, 0.975, 1 - 1e-9})
    EXPECT_NEAR(0.5 * std::erfc(-normal_quantile(p) / std::numbers::sqrt2), p, 1e-14) << p;
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-12);
  EXPECT_EQ(normal_quantile(0.5), 0);
  EXPECT_THROW((void)normal_quantile(0), Error);
  EXPECT_THROW((void)normal_quantile(1), Error);
}

TEST(QuantileGrid, RunsFromFiveToNinetyFivePercent) {
  const auto grid = quantile_grid(3);
  ASSERT_EQ(grid.size(), 3u);
  EXPECT_FLOAT_EQ(grid[0], -1.6448536f);
  EXPECT_FLOAT_EQ(grid[1], 0);
  EXPECT_FLOAT_EQ(grid[2], 1.6448536f);
  EXPECT_EQ(quantile_grid(1), std::vector<float>{0});
}

TEST(QuantileGrid, IsThatOfAFittedPriorsDimension) {
  // One Gaussian with the deviations 2 and √(3² + 4²) around (10, 20).
  const FittedPrior one{.mean = {10, 20}, .factor = {2, 0, 3, 4}};
  const auto x = quantile_grid(3, &one, 0), y = quantile_grid(3, &one, 1);
  EXPECT_FLOAT_EQ(x[0], 10 - 2 * 1.6448536F);
  EXPECT_FLOAT_EQ(x[1], 10);
  EXPECT_FLOAT_EQ(y[2], 20 + 5 * 1.6448536F);
  // A tenth around -1, the rest around 1, both narrow: the median is among the rest.
  const FittedPrior two{.mean = {-1, 0, 1, 0}, .factor = {0.01F, 0, 0, 1}, .weight = {0.1F, 0.9F}, .scale = {1, 2}};
  const auto both = quantile_grid(3, &two, 0);
  EXPECT_NEAR(both[0], -1, 1e-6);  // the middle of the tenth
  EXPECT_NEAR(both[1], 1 + 0.02 * normal_quantile(0.4 / 0.9), 1e-6);
  EXPECT_NEAR(both[2], 1 + 0.02 * normal_quantile(0.85 / 0.9), 1e-6);
  const PlaneAxes axes = plane_axes(1, 0, 3, &one);
  EXPECT_EQ(axes.x, y);
  EXPECT_EQ(axes.y, x);
}

TEST(Traversal, VariesTwoDimensionsAndHoldsTheOthers) {
  const std::vector<float> base{9, 8, 7, 6};
  const Latents plane = traversal_latents(plane_axes(3, 1, 2), base);
  const float low = quantile_grid(2)[0], high = quantile_grid(2)[1];
  EXPECT_EQ(plane.values, (std::vector<float>{9, low, 7, low, 9, low, 7, high, 9, high, 7, low, 9, high, 7, high}));
  EXPECT_THROW((void)traversal_latents(plane_axes(4, 1, 2), base), Error);
  EXPECT_THROW((void)traversal_latents(plane_axes(1, 1, 2), base), Error);
}

TEST(UniformLatent, LiesBetweenZeroAndOneAndFollowsTheSeed) {
  const auto z = uniform_latent(50, 3);
  for (const float value : z) EXPECT_TRUE(value >= 0 && value < 1);
  EXPECT_EQ(z, uniform_latent(50, 3));
  EXPECT_NE(z, uniform_latent(50, 4));
}

TEST(Traversal, MayDrawTheOtherDimensionsAnewInEachCell) {
  const Latents plane = uniform_traversal_latents(plane_axes(3, 1, 2), 4, 7);
  const auto grid = quantile_grid(2);
  for (std::int64_t i = 0; i < 4; ++i) {
    const auto others = uniform_latent(4, 7, static_cast<std::uint64_t>(i));
    const auto x = static_cast<std::size_t>(i % 2), y = static_cast<std::size_t>(i / 2);
    EXPECT_EQ(std::vector<float>(plane.row(i).begin(), plane.row(i).end()),
              (std::vector<float>{others[0], grid[y], others[2], grid[x]}));
  }
  EXPECT_NE(plane.row(0)[0], plane.row(1)[0]);
  EXPECT_THROW((void)uniform_traversal_latents(plane_axes(4, 1, 2), 4, 7), Error);
}

TEST(ClosedWalk, PassesEveryStationAndComesBack) {
  Latents stations(3, 2);
  stations.values = {1, 0, 0, 1, -1, 0};
  const Latents walk = closed_walk(stations, 4);
  ASSERT_EQ(walk.count(), 12);
  for (std::int64_t i = 0; i < 3; ++i) EXPECT_TRUE(std::ranges::equal(walk.row(4 * i), stations.row(i))) << i;
  Latents one(1, 2);
  EXPECT_EQ(closed_walk(one, 4).count(), 1);
}

}  // namespace
}  // namespace limn::models
