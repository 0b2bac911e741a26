#include "limn/sketch/sketch.hpp"

#include <gtest/gtest.h>

namespace limn::sketch {
namespace {

const Sketch kTwoStrokes{{{10, 20, false}, {1, -2, false}, {3, 4, true}, {-5, 6, true}}};

TEST(Sketch, StrokesStartFromTheFirstOffset) {
  const std::vector<Stroke> expected{{{10, 20}, {11, 18}, {14, 22}}, {{9, 28}}};
  EXPECT_EQ(to_strokes(kTwoStrokes), expected);
}

TEST(Sketch, StrokesAndBackIsTheSame) { EXPECT_EQ(from_strokes(to_strokes(kTwoStrokes)), kTwoStrokes); }

TEST(Sketch, AStrokeThatNeverLiftsIsAStroke) {
  const Sketch unfinished{{{1, 1, true}, {2, 2, false}, {3, 3, false}}};
  const std::vector<Stroke> strokes = to_strokes(unfinished);
  ASSERT_EQ(strokes.size(), 2u);
  EXPECT_EQ(strokes[1].size(), 2u);
  EXPECT_TRUE(from_strokes(strokes).points.back().is_pen_lifted);
}

TEST(Sketch, EmptyStrokesAreLeftOut) {
  const std::vector<Stroke> strokes{{}, {{3, 4}}, {}, {{5, 6}, {7, 8}}, {}};
  const Sketch expected{{{3, 4, true}, {2, 2, false}, {2, 2, true}}};
  EXPECT_EQ(from_strokes(strokes), expected);
  EXPECT_TRUE(from_strokes({}).points.empty());
  EXPECT_TRUE(to_strokes({}).empty());
}

TEST(Sketch, ManySmallOffsetsDoNotDrift) {
  Sketch line;
  for (int i = 0; i < 100'000; ++i) line.points.push_back({0.1f, -0.1f, false});
  const Position end = to_strokes(line).front().back();
  EXPECT_NEAR(end.x, 100'000 * double{0.1f}, 1e-3);
  EXPECT_NEAR(end.y, -100'000 * double{0.1f}, 1e-3);
}

TEST(Sketch, BoundsHoldAllPositionsButNotTheOrigin) {
  const std::optional<Bounds> box = bounds(kTwoStrokes);
  ASSERT_TRUE(box);
  EXPECT_EQ(box->min_x, 9);
  EXPECT_EQ(box->max_x, 14);
  EXPECT_EQ(box->min_y, 18);
  EXPECT_EQ(box->max_y, 28);
  EXPECT_EQ(box->width(), 5);
  EXPECT_EQ(box->height(), 10);
  EXPECT_FALSE(bounds({}));
}

TEST(Sketch, ScalingTouchesEachAxisAlone) {
  const Sketch expected{{{20, -20, false}, {2, 2, false}, {6, -4, true}, {-10, -6, true}}};
  EXPECT_EQ(scaled(kTwoStrokes, 2, -1), expected);
}

TEST(Sketch, IsBlankWithoutAStrokeOfTwoDistinctPoints) {
  EXPECT_TRUE(is_blank({}));
  EXPECT_TRUE(is_blank({{{3, 4, false}}}));
  EXPECT_TRUE(is_blank({{{3, 4, true}, {5, 6, true}, {-1, 0, true}}})) << "dots";
  EXPECT_TRUE(is_blank({{{3, 4, false}, {0, 0, false}, {0, 0, true}, {2, 2, true}}})) << "a pen that rests";
  EXPECT_FALSE(is_blank({{{3, 4, false}, {0, -1, true}}}));
  EXPECT_FALSE(is_blank({{{3, 4, true}, {5, 6, false}, {1, 0, false}}})) << "the second stroke is a line";
}

}  // namespace
}  // namespace limn::sketch
