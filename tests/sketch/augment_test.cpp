#include "limn/sketch/augment.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace limn::sketch {
namespace {

// Strokes of 7, 4, 3, 1 and 2 points with whole offsets, so that sums are exact.
Sketch mixed_sketch() {
  Sketch sketch;
  float value = 1;
  for (const int length : {7, 4, 3, 1, 2})
    for (int i = 0; i < length; ++i, ++value) sketch.points.push_back({value, 3 - value, i == length - 1});
  return sketch;
}

TEST(Augment, DropsExactlyThePointsThatMayBeDropped) {
  RandomStream random(1, Purpose::kTest);
  const std::vector<Stroke> before = to_strokes(mixed_sketch());
  const std::vector<Stroke> after = to_strokes(with_points_dropped(mixed_sketch(), 1.0, random));
  ASSERT_EQ(after.size(), before.size());
  // Of 7 points the 4th, 5th and 6th go; the 3rd takes the 6th's place. Shorter strokes have none to drop.
  const Stroke expected{before[0][0], before[0][1], before[0][5], before[0][6]};
  EXPECT_EQ(after[0], expected);
  for (std::size_t i = 1; i < before.size(); ++i) EXPECT_EQ(after[i], before[i]) << "stroke " << i;
}

TEST(Augment, FivePointsHaveOneToDrop) {
  const Sketch five{{{1, 0, false}, {1, 1, false}, {1, 2, false}, {1, 3, false}, {1, 4, true}}};
  RandomStream random(1, Purpose::kTest);
  const Sketch expected{{{1, 0, false}, {1, 1, false}, {2, 5, false}, {1, 4, true}}};
  EXPECT_EQ(with_points_dropped(five, 1.0, random), expected);
}

TEST(Augment, TheDrawingStaysInPlace) {
  const Sketch sketch = mixed_sketch();
  const std::vector<Stroke> before = to_strokes(sketch);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    RandomStream random(seed, Purpose::kTest);
    const std::vector<Stroke> after = to_strokes(with_points_dropped(sketch, 0.5, random));
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      EXPECT_EQ(after[i].front(), before[i].front());
      EXPECT_EQ(after[i].back(), before[i].back());
      auto from = before[i].begin();  // what is left is a subsequence of what was there
      for (const Position& position : after[i]) {
        from = std::find(from, before[i].end(), position);
        ASSERT_NE(from, before[i].end());
        ++from;
      }
    }
  }
}

TEST(Augment, DropsAsOftenAsAsked) {
  constexpr int kTrials = 20'000;
  constexpr double kProbability = 0.1;
  RandomStream random(3, Purpose::kTest);
  const Sketch sketch = mixed_sketch();
  std::int64_t dropped = 0;
  for (int i = 0; i < kTrials; ++i)
    dropped += std::ssize(sketch.points) - std::ssize(with_points_dropped(sketch, kProbability, random).points);
  // 3 droppable points: mean 6000, deviation sqrt(60000 · 0.1 · 0.9) = 73.
  EXPECT_NEAR(static_cast<double>(dropped), 3 * kTrials * kProbability, 5 * 73);
}

TEST(Augment, ScalesEachAxisEvenlyWithinItsBounds) {
  const StrokeDataOptions options{.random_scale_factor = 0.15, .augment_stroke_prob = 0};
  const Sketch sketch{{{1, 1, false}, {-2, 4, true}}};
  RandomStream random(4, Purpose::kTest);
  constexpr int kTrials = 20'000;
  double sum_x = 0, sum_y = 0, products = 0;
  float lowest = 2, highest = 0;
  for (int i = 0; i < kTrials; ++i) {
    const Sketch result = augmented(sketch, options, random);
    const float x = result.points[0].dx, y = result.points[0].dy;
    EXPECT_FLOAT_EQ(result.points[1].dx, -2 * x);
    EXPECT_FLOAT_EQ(result.points[1].dy, 4 * y);
    sum_x += x;
    sum_y += y;
    products += (x - 1) * (y - 1);
    lowest = std::min({lowest, x, y});
    highest = std::max({highest, x, y});
  }
  // A uniform of half-width 0.15 has deviation 0.0866; of the mean, 0.0006.
  EXPECT_NEAR(sum_x / kTrials, 1, 0.003);
  EXPECT_NEAR(sum_y / kTrials, 1, 0.003);
  EXPECT_NEAR(products / kTrials, 0, 5 * 0.0866 * 0.0866 / 141);  // the axes are independent
  EXPECT_GE(lowest, 0.85f);
  EXPECT_LE(highest, 1.15f);
  EXPECT_LT(lowest, 0.851f);
  EXPECT_GT(highest, 1.149f);
}

TEST(Augment, WithBothOffNothingChanges) {
  const StrokeDataOptions off{.random_scale_factor = 0, .augment_stroke_prob = 0};
  RandomStream random(5, Purpose::kTest);
  EXPECT_EQ(augmented(mixed_sketch(), off, random), mixed_sketch());
  EXPECT_EQ(augmented({}, {}, random), Sketch{});
}

}  // namespace
}  // namespace limn::sketch
