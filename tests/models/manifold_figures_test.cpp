#include "limn/models/manifold_figures.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "limn/core/random.hpp"
#include "testing/errors.hpp"

namespace limn::models {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using Points = std::vector<std::pair<double, double>>;

std::vector<float> distances(const Points& a, const Points& b) {
  std::vector<float> all;
  for (const auto& [ax, ay] : a)
    for (const auto& [bx, by] : b) all.push_back(static_cast<float>(std::hypot(ax - bx, ay - by)));
  return all;
}

ManifoldFigures figures(const Points& real, const Points& generated) {
  return manifold_figures({.n = std::ssize(real),
                           .real = distances(real, real),
                           .generated = distances(generated, generated),
                           .across = distances(real, generated)});
}

Points gaussian(std::int64_t count, std::uint64_t seed, double x = 0) {
  RandomStream random(seed, Purpose::kTest);
  Points points;
  for (std::int64_t i = 0; i < count; ++i) {
    const double along = random.normal();
    points.emplace_back(x + along, random.normal());
  }
  return points;
}

// Radii of the real points: 3, 2, 2, 2, 2, 3 up to the third neighbour, and 5, 4, 3, 3, 4, 5 up to the fifth.
TEST(ManifoldFigures, AreThoseOfASmallExample) {
  const Points real{{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}};
  const Points generated{{5.5, 0}, {20, 0}, {21, 0}, {22, 0}, {23, 0}, {24, 0}};
  const ManifoldFigures found = figures(real, generated);
  EXPECT_DOUBLE_EQ(found.precision, 1.0 / 6) << "5.5 lies in the ball around 5";
  EXPECT_DOUBLE_EQ(found.recall, 1) << "the ball around 5.5 reaches to 22";
  EXPECT_DOUBLE_EQ(found.density, 3.0 / (5 * 6)) << "5.5 lies in the balls around 3, 4 and 5";
  EXPECT_DOUBLE_EQ(found.coverage, 3.0 / 6);
  // The other way round.
  EXPECT_DOUBLE_EQ(figures(generated, real).precision, 1);
  EXPECT_DOUBLE_EQ(figures(generated, real).recall, 1.0 / 6);
}

TEST(ManifoldFigures, OfTheSameDistributionAreAsExpected) {
  const ManifoldFigures found = figures(gaussian(700, 1), gaussian(700, 2));
  EXPECT_GT(found.precision, 0.95);
  EXPECT_GT(found.recall, 0.95);
  EXPECT_NEAR(found.density, 1, 0.05);
  EXPECT_NEAR(found.coverage, 1 - std::exp2(-kCoverageNeighbours), 0.02);
}

TEST(ManifoldFigures, FarAwayAreZero) {
  const ManifoldFigures found = figures(gaussian(60, 1), gaussian(60, 2, 100));
  EXPECT_EQ(found.precision, 0);
  EXPECT_EQ(found.recall, 0);
  EXPECT_EQ(found.density, 0);
  EXPECT_EQ(found.coverage, 0);
}

TEST(ManifoldFigures, OneThatIsRepeatedIsPreciseAndCoversLittle) {
  const Points real = gaussian(200, 1);
  const ManifoldFigures found = figures(real, Points(200, real[17]));
  EXPECT_EQ(found.precision, 1);
  EXPECT_LE(found.recall, 0.01);
  EXPECT_LT(found.coverage, 0.1);
}

TEST(ManifoldFigures, OfEqualExamplesAreWhole) {
  const ManifoldFigures found = figures(Points(8, {3, 4}), Points(8, {3, 4}));
  EXPECT_EQ(found.precision, 1);
  EXPECT_EQ(found.recall, 1);
  EXPECT_EQ(found.density, 8.0 / kCoverageNeighbours) << "as the formula says: each lies in every ball";
  EXPECT_EQ(found.coverage, 1);
}

TEST(ManifoldFigures, NoBallReachesInfinity) {
  PairDistances distances{.n = 7};
  distances.real = distances.generated = distances.across = std::vector<float>(49, INFINITY);
  const ManifoldFigures found = manifold_figures(distances);
  EXPECT_EQ(found.precision, 0);
  EXPECT_EQ(found.recall, 0);
  EXPECT_EQ(found.density, 0);
  EXPECT_EQ(found.coverage, 0);
}

TEST(ManifoldFigures, NeedEnoughExamples) {
  for (const std::int64_t n : {0, 1, 5})
    EXPECT_THAT(error_of([&] { (void)figures(gaussian(n, 1), gaussian(n, 2)); }), HasSubstr("expected at least 6"));
  EXPECT_LE(figures(gaussian(6, 1), gaussian(6, 2)).coverage, 1);
  EXPECT_THAT(error_of([] { (void)figures(gaussian(6, 1), gaussian(7, 2)); }), HasSubstr("49 distances"));
}

}  // namespace
}  // namespace limn::models
