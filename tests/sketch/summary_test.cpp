#include "limn/sketch/summary.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace limn::sketch {
namespace {

TEST(Summary, CountsByHand) {
  SketchSplits splits;
  splits[Split::kTrain] = {
      Sketch{{{1, 2, true}}},
      Sketch{{{3, -4, false}, {5, 6, true}, {7, 0, false}}},  // the last stroke never lifts
      Sketch{{{0, 0, false}, {0, 0, true}}},
      Sketch{{{1, 1, true}, {1, 1, true}, {1, 1, true}, {1, 1, true}}},
  };
  const DatasetSummary summary = summarize(splits);
  const SplitSummary& train = summary.splits[0];
  EXPECT_EQ(train.sketches, 4);
  EXPECT_EQ(train.points, 10);
  EXPECT_EQ(train.strokes, 8);
  EXPECT_EQ(train.min_length, 1);
  EXPECT_EQ(train.max_length, 4);
  EXPECT_EQ(train.mean_length, 2.5);
  EXPECT_EQ(train.median_length, 2.5);
  EXPECT_EQ(train.min_strokes, 1);
  EXPECT_EQ(train.max_strokes, 4);
  EXPECT_EQ(train.mean_strokes, 2);
  EXPECT_EQ(train.min_offset, -4);
  EXPECT_EQ(train.max_offset, 7);
  EXPECT_EQ(train.not_finite, 0);
  EXPECT_EQ(summary.scale_factor, offset_deviation(splits[Split::kTrain]));
  EXPECT_EQ(summary.splits[1].sketches, 0);
  EXPECT_EQ(summary.splits[1].max_length, 0);
}

TEST(Summary, MedianOfAnOddNumberIsTheMiddle) {
  const Sketch dot{{{1, 1, true}}}, line{{{1, 1, false}, {1, 1, true}}};
  EXPECT_EQ(summarize(std::vector<Sketch>{line, dot, dot}).median_length, 1);
}

TEST(Summary, CountsWhatIsNotANumber) {
  SketchSplits splits;
  splits[Split::kTrain] = {Sketch{{{std::nanf(""), 2, false}, {3, std::numeric_limits<float>::infinity(), true}}}};
  const DatasetSummary summary = summarize(splits);
  EXPECT_EQ(summary.splits[0].not_finite, 2);
  EXPECT_EQ(summary.splits[0].min_offset, 0);
  EXPECT_EQ(summary.scale_factor, 0);
}

TEST(OffsetDeviation, OfNothingIsZero) { EXPECT_EQ(offset_deviation(std::span<const Sketch>()), 0); }

TEST(OffsetDeviation, ALargeMeanDoesNotHideASmallDeviation) {
  const std::vector<Sketch> sketches{Sketch{{{999.0f, 999.25f, true}}}};
  EXPECT_EQ(offset_deviation(sketches), 0.125);
}

}  // namespace
}  // namespace limn::sketch
