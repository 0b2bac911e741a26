#include "limn/sketch/simplify.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"

namespace limn::sketch {
namespace {

double distance_to_segment(Position p, Position a, Position b) {
  const double x = b.x - a.x, y = b.y - a.y, length = x * x + y * y;
  const double t = length == 0 ? 0 : std::clamp(((p.x - a.x) * x + (p.y - a.y) * y) / length, 0.0, 1.0);
  return std::hypot(p.x - a.x - t * x, p.y - a.y - t * y);
}

double distance_to_stroke(Position p, const Stroke& stroke) {
  double nearest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < stroke.size(); ++i)
    nearest = std::min(nearest, distance_to_segment(p, stroke[i - 1], stroke[i]));
  return nearest;
}

Stroke random_walk(std::uint64_t seed, int length) {
  RandomStream random(seed, Purpose::kTest);
  Stroke stroke{{0, 0}};
  for (int i = 1; i < length; ++i)
    stroke.push_back({stroke.back().x + random.uniform(-9, 11), stroke.back().y + random.uniform(-10, 10)});
  return stroke;
}

std::size_t points_in(const std::vector<Stroke>& strokes) {
  std::size_t count = 0;
  for (const Stroke& stroke : strokes) count += stroke.size();
  return count;
}

TEST(Simplify, PointsOnALineGo) {
  const Stroke bent{{0, 0}, {1, 0}, {2, 0}, {5, 0}, {5, 3}, {5, 9}};
  EXPECT_EQ(simplified(bent, 0), (Stroke{{0, 0}, {5, 0}, {5, 9}}));
}

TEST(Simplify, EpsilonDecides) {
  const Stroke bump{{0, 0}, {5, 2}, {10, 0}};
  EXPECT_EQ(simplified(bump, 1.99), bump);
  EXPECT_EQ(simplified(bump, 2), (Stroke{{0, 0}, {10, 0}}));
}

TEST(Simplify, ShortStrokesStay) {
  EXPECT_EQ(simplified(Stroke{}, 3), Stroke{});
  EXPECT_EQ(simplified(Stroke{{4, 5}}, 3), (Stroke{{4, 5}}));
  EXPECT_EQ(simplified(Stroke{{4, 5}, {4, 5}}, 3), (Stroke{{4, 5}, {4, 5}}));
}

TEST(Simplify, TheTipOfAStrokeThatTurnsBackStays) {
  const Stroke there_and_back{{0, 0}, {20, 0}, {10, 0}};
  EXPECT_EQ(simplified(there_and_back, 2), there_and_back);
}

TEST(Simplify, AClosedStrokeKeepsItsFarSide) {
  const Stroke square{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}};
  EXPECT_EQ(simplified(square, 2), square);
}

TEST(Simplify, EveryPointLeftOutLiesWithinEpsilon) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Stroke stroke = random_walk(seed, 157);
    std::size_t before = stroke.size();
    for (const double epsilon : {0.5, 2.0, 7.0, 31.0}) {
      const Stroke result = simplified(stroke, epsilon);
      EXPECT_EQ(result.front(), stroke.front());
      EXPECT_EQ(result.back(), stroke.back());
      EXPECT_LE(result.size(), before);
      before = result.size();
      for (const Position& p : stroke) EXPECT_LE(distance_to_stroke(p, result), epsilon + 1e-4);
    }
    EXPECT_LT(before, 40u);
  }
}

TEST(Simplify, ADeepStrokeDoesNotOverflow) {
  // Each split of this zigzag cuts off one point, the worst case of a recursion. Float holds it exactly.
  Stroke zigzag;
  for (int i = 0; i < 6000; ++i)
    zigzag.push_back({static_cast<float>(i), static_cast<float>(i % 2 ? 6000 - i : i - 6000)});
  EXPECT_EQ(simplified(zigzag, 0.1).size(), zigzag.size());
}

TEST(Resample, PointsLieEvenlyRoundCorners) {
  const Stroke corner{{0, 0}, {5, 0}, {5, 4}};
  EXPECT_EQ(resampled(corner, 2), (Stroke{{0, 0}, {2, 0}, {4, 0}, {5, 1}, {5, 3}, {5, 4}}));
  EXPECT_EQ(resampled(Stroke{{3, 3}}, 2), (Stroke{{3, 3}}));
  EXPECT_EQ(resampled(Stroke{}, 2), Stroke{});
  EXPECT_EQ(resampled(Stroke{{0, 0}, {1, 0}}, 50), (Stroke{{0, 0}, {1, 0}}));
}

TEST(Resample, RefusesSpacingsThatCannotBe) {
  EXPECT_THROW((void)resampled(Stroke{{0, 0}, {1, 0}}, 0), Error);
  EXPECT_THROW((void)resampled(Stroke{{0, 0}, {1e20f, 0}}, 1), Error);
  EXPECT_THROW((void)resampled(Stroke{{0, 0}, {1, 0}}, std::nan("")), Error);
  // Each of them may have its points, but not all.
  const std::vector<Stroke> many(400, Stroke{{0, 0}, {30'000, 0}});
  EXPECT_EQ(resampled(many.front(), 1).size(), 30'001U);
  EXPECT_THROW((void)resampled(many, 1), Error);
}

TEST(Fit, TheLongerSideTakesTheSize) {
  const std::vector<Stroke> strokes{{{-10, 5}, {10, 5}}, {{0, 15}}};
  const std::vector<Stroke> expected{{{0, 0}, {200, 0}}, {{100, 100}}};
  EXPECT_EQ(fitted(strokes, 200), expected);
}

TEST(Fit, ADotMovesToTheCorner) {
  const std::vector<Stroke> dot{{{7, 9}}};
  EXPECT_EQ(fitted(dot, 255), (std::vector<Stroke>{{{0, 0}}}));
  EXPECT_TRUE(fitted(std::vector<Stroke>{}, 255).empty());
}

TEST(Limit, UsesWhatItMayAndNoMore) {
  const std::vector<Stroke> strokes{random_walk(1, 120), random_walk(2, 33), {{4, 4}}};
  for (const std::int64_t most : {100, 31, 8, 5}) {
    const std::vector<Stroke> result = limited(strokes, most);
    EXPECT_LE(points_in(result), static_cast<std::size_t>(most));
    EXPECT_GE(points_in(result) + 2, static_cast<std::size_t>(most));
    EXPECT_EQ(result.size(), strokes.size());
  }
  EXPECT_EQ(limited(strokes, 154), strokes);
}

TEST(Limit, AClosedStrokeBecomesALineAndThenADot) {
  const std::vector<Stroke> square{{{0, 0}, {10, 0}, {10, 11}, {0, 10}, {0, 0}}};
  EXPECT_EQ(limited(square, 2), (std::vector<Stroke>{{{0, 0}, {10, 11}}}));
  EXPECT_EQ(limited(square, 1), (std::vector<Stroke>{{{0, 0}}}));
  // A dot drawn twice has no farther point.
  const std::vector<Stroke> dot{{{3, 3}, {3, 3}, {3, 3}}};
  EXPECT_EQ(points_in(limited(dot, 2)), 2U);
}

TEST(Limit, LeavesOutTheShortestStrokesWhereItMust) {
  const std::vector<Stroke> strokes{{{0, 0}, {1, 0}}, {{0, 0}, {9, 0}}, {{0, 0}}, {{0, 0}, {5, 0}, {5, 5}}};
  const std::vector<Stroke> expected{{{0, 0}, {9, 0}}, {{0, 0}, {5, 5}}};
  EXPECT_EQ(limited(strokes, 4), expected);
  EXPECT_EQ(points_in(limited(strokes, 1)), 1u);
  EXPECT_THROW((void)limited(strokes, 0), Error);
}

TEST(Prepared, AsQuickDrawIsWholeNumbersFrom0To255) {
  const std::vector<Stroke> strokes{random_walk(5, 211), random_walk(6, 57)};
  float largest = 0;
  for (const Stroke& stroke : to_strokes(prepared(from_strokes(strokes), kQuickDrawPreparation))) {
    for (const Position& p : stroke) {
      for (const float value : {p.x, p.y}) {
        EXPECT_EQ(value, std::round(value));
        EXPECT_GE(value, 0);
        largest = std::max(largest, value);
      }
    }
  }
  EXPECT_GE(largest, 253);  // the outermost point may have been simplified away
  EXPECT_LE(largest, 255);
}

TEST(Prepared, TakesEachStepThatIsAskedFor) {
  const Sketch sketch = from_strokes(std::vector<Stroke>{random_walk(7, 97), random_walk(8, 31)});
  EXPECT_EQ(prepared(sketch, {}), sketch);
  const std::vector<Stroke> fine = to_strokes(prepared(sketch, {.spacing = 0.5}));
  EXPECT_EQ(fine, to_strokes(from_strokes(resampled(to_strokes(sketch), 0.5))));
  EXPECT_EQ(prepared(sketch, {.epsilon = 3}), from_strokes(simplified(to_strokes(sketch), 3)));
  EXPECT_LE(std::ssize(prepared(sketch, {.max_points = 17}).points), 17);
}

// A loop of so many points around a circle of that diameter.
Sketch loop(int points, double diameter) {
  Stroke stroke;
  for (int i = 0; i <= points; ++i)
    stroke.push_back({static_cast<float>(diameter / 2 * std::cos(0.1 + 6.2 * i / points)),
                      static_cast<float>(diameter / 2 * std::sin(0.1 + 6.2 * i / points))});
  return from_strokes(std::span(&stroke, 1));
}

std::optional<SimplifySaving> saving_of(const std::vector<Sketch>& sketches) {
  return simplify_saving(std::ssize(sketches), [&](std::int64_t i) { return sketches[static_cast<std::size_t>(i)]; });
}

TEST(SimplifySaving, IsMeasuredWithATolerancePeopleWouldType) {
  for (const auto& [size, epsilon] : {std::pair(255.0, 4.0), {1.0, 0.02}, {1700.0, 30.0}, {2e6, 3e4}}) {
    const std::vector<Sketch> sketches{loop(100, size), loop(80, size), loop(60, size)};
    const auto saving = saving_of(sketches);
    ASSERT_TRUE(saving) << size;
    EXPECT_DOUBLE_EQ(saving->epsilon, epsilon);
    EXPECT_EQ(saving->points, 81);  // with both ends
    double left = 0;
    for (const Sketch& sketch : sketches) left += static_cast<double>(simplified(sketch, epsilon).points.size());
    EXPECT_DOUBLE_EQ(saving->points_left, left / 3);
  }
}

TEST(SimplifySaving, IsNothingOfDataThatAreSimplified) {
  std::vector<Sketch> simple;
  for (const int points : {100, 80, 60}) simple.push_back(simplified(loop(points, 255), 4));
  EXPECT_FALSE(saving_of(simple));
  EXPECT_FALSE(saving_of({}));
  EXPECT_FALSE(saving_of({Sketch{}, Sketch{{{3, 3, true}}}}));
}

TEST(SimplifySaving, PassesOverDrawingsWithoutASize) {
  const float infinite = std::numeric_limits<float>::infinity();
  const auto saving = saving_of({Sketch{}, loop(100, 255), Sketch{{{1, std::nanf(""), true}}},
                                 Sketch{{{0, 0, false}, {infinite, 1, true}}}, Sketch{{{3, 3, true}}}});
  ASSERT_TRUE(saving);
  EXPECT_EQ(saving->points, 101);
}

TEST(SimplifySaving, LooksAtSomeDrawingsFromAllOver) {
  std::int64_t asked = 0, last = -1;
  const auto saving = simplify_saving(1'000'003, [&](std::int64_t i) {
    EXPECT_GT(i, last);
    last = i;
    ++asked;
    return loop(i < 500'000 ? 40 : 60, 255);
  });
  EXPECT_EQ(asked, kMostForSaving);
  EXPECT_EQ(last, 1'000'003 * (kMostForSaving - 1) / kMostForSaving);
  ASSERT_TRUE(saving);
  EXPECT_NEAR(saving->points, 51, 0.1);
}

}  // namespace
}  // namespace limn::sketch
