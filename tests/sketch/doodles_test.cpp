#include "limn/sketch/doodles.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "limn/sketch/summary.hpp"

namespace limn::sketch {
namespace {

// FNV-1a over every number of every sketch.
std::uint64_t hash_of(const SketchSplits& splits) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  const auto mix = [&hash](std::int64_t value) { hash = (hash ^ static_cast<std::uint64_t>(value)) * 0x100000001b3u; };
  for (const std::vector<Sketch>& sketches : splits.sketches) {
    for (const Sketch& sketch : sketches) {
      for (const StrokePoint& point : sketch.points) {
        mix(static_cast<std::int64_t>(point.dx));
        mix(static_cast<std::int64_t>(point.dy));
        mix(point.is_pen_lifted ? 1 : 0);
      }
      mix(-1000);
    }
  }
  return hash;
}

TEST(Doodles, AreTheSameEverywhere) {
  EXPECT_EQ(hash_of(builtin_doodles()), 6420850149479340933u) << "the doodles have changed: say so in CHANGELOG";
  EXPECT_NE(hash_of(builtin_doodles(DoodleFamily::kThirty, 2)), hash_of(builtin_doodles()));
}

TEST(Doodles, TheFirstTenKindsAreThoseOfVersion010BitForBit) {
  EXPECT_EQ(hash_of(builtin_doodles(DoodleFamily::kTen)), 1901254571695627804u);
}

TEST(Doodles, AreFoundByTheirNames) {
  EXPECT_EQ(doodles_named("builtin:doodles"), DoodleFamily::kThirty);
  EXPECT_EQ(doodles_named("builtin:doodles-30"), DoodleFamily::kThirty);
  EXPECT_EQ(doodles_named("builtin:doodles-10"), DoodleFamily::kTen);
  for (const char* other : {"builtin:doodle", "builtin:doodles-3", "builtin:doodles-100", "doodles", ""})
    EXPECT_EQ(doodles_named(other), std::nullopt) << other;
  EXPECT_EQ(exact_data_name("builtin:doodles"), "builtin:doodles-30");
  EXPECT_EQ(recorded_data_name("builtin:doodles"), "builtin:doodles-10");
  for (const char* other : {"builtin:doodles-30", "builtin:doodles-10", "builtin:shapes", "a.npz"}) {
    EXPECT_EQ(exact_data_name(other), other);
    EXPECT_EQ(recorded_data_name(other), other);
  }
}

TEST(Doodles, CountsAndLengths) {
  const auto expect = [](DoodleFamily family, std::int64_t training, std::int64_t held_out, std::int64_t shortest) {
    const DatasetSummary summary = summarize(builtin_doodles(family));
    EXPECT_EQ(summary.splits[0].sketches, training);
    EXPECT_EQ(summary.splits[1].sketches, held_out);
    EXPECT_EQ(summary.splits[2].sketches, held_out);
    for (const SplitSummary& split : summary.splits) {
      EXPECT_LE(split.max_length, kDoodleMaxPoints);
      EXPECT_GE(split.min_length, shortest);
      EXPECT_LT(split.mean_length, 35);
      EXPECT_LT(split.mean_strokes, 6);
    }
  };
  expect(DoodleFamily::kThirty, 30'000, 600, 6);
  expect(DoodleFamily::kTen, 10'000, 500, 10);
}

TEST(Doodles, AreTheSameWhenDrawnOneByOne) {
  for (const DoodleFamily family : {DoodleFamily::kThirty, DoodleFamily::kTen}) {
    const SketchSplits all = builtin_doodles(family);
    const DrawnDoodles drawn(family);
    for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
      ASSERT_EQ(drawn.size(split), std::ssize(all[split]));
      for (const std::int64_t i : {std::int64_t{0}, std::int64_t{17}, drawn.size(split) - 1}) {
        EXPECT_EQ(drawn.sketch(split, i), all[split][static_cast<std::size_t>(i)]);
        EXPECT_EQ(drawn.length(split, i), std::ssize(drawn.sketch(split, i).points));
      }
    }
    const SplitSummary test = summarize(all).splits[2];
    EXPECT_EQ(drawn.lengths(Split::kTest).shortest, test.min_length);
    EXPECT_EQ(drawn.lengths(Split::kTest).longest, test.max_length);
  }
}

TEST(Doodles, AreWholeNumbersOfTheRightSize) {
  for (std::uint64_t number = 0; number < 500; ++number) {
    const Sketch sketch = draw_doodle(3, number).sketch;
    const Bounds box = *bounds(sketch);
    EXPECT_GE(box.min_x, 0);
    EXPECT_GE(box.min_y, 0);
    EXPECT_LE(std::max(box.max_x, box.max_y), 255);
    EXPECT_GE(std::max(box.width(), box.height()), 245);
    EXPECT_GE(std::min(box.width(), box.height()), 60);
    for (const StrokePoint& point : sketch.points) {
      EXPECT_EQ(point.dx, std::round(point.dx));
      EXPECT_EQ(point.dy, std::round(point.dy));
    }
    EXPECT_TRUE(sketch.points.back().is_pen_lifted);
  }
}

TEST(Doodles, KindsTakeTurns) {
  const std::vector<std::string> kinds = doodle_kinds();
  EXPECT_EQ(kinds.size(), 30u);
  EXPECT_EQ(doodle_kinds(DoodleFamily::kTen), std::vector(kinds.begin(), kinds.begin() + 10));
  EXPECT_EQ(std::set<std::string>(kinds.begin(), kinds.end()).size(), kinds.size());
  for (std::size_t i = 0; i < 3 * kinds.size(); ++i) EXPECT_EQ(draw_doodle(1, i).kind, kinds[i % kinds.size()]);
}

TEST(Doodles, NoTwoAreAlike) {
  const SketchSplits splits = builtin_doodles();
  std::vector<std::vector<float>> drawings;
  for (const std::vector<Sketch>& sketches : splits.sketches) {
    for (const Sketch& sketch : sketches) {
      std::vector<float>& drawing = drawings.emplace_back();
      for (const StrokePoint& point : sketch.points) drawing.insert(drawing.end(), {point.dx, point.dy});
    }
  }
  std::ranges::sort(drawings);
  EXPECT_EQ(std::ranges::adjacent_find(drawings), drawings.end());
}

TEST(Doodles, EveryKindVariesInStrokesAndStart) {
  const std::size_t kinds = doodle_kinds().size();
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    std::set<std::size_t> lengths;
    std::set<std::pair<float, float>> starts;
    for (std::size_t i = 0; i < 40; ++i) {
      const Sketch sketch = draw_doodle(1, kind + i * kinds).sketch;
      lengths.insert(sketch.points.size());
      starts.emplace(sketch.points[0].dx, sketch.points[0].dy);
    }
    EXPECT_GE(lengths.size(), 5u) << doodle_kinds()[kind];
    EXPECT_GE(starts.size(), 20u) << doodle_kinds()[kind];
  }
}

}  // namespace
}  // namespace limn::sketch
