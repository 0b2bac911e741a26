#include "limn/sketch/ink_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "limn/core/random.hpp"
#include "limn/sketch/doodles.hpp"

namespace limn::sketch {
namespace {

const Stroke kUp{{0, 0}, {5, -20}, {3, -40}}, kAcross{{-10, -20}, {4, -18}, {20, -22}}, kDot{{100, 3}};

Sketch sketch_of(const std::vector<Stroke>& strokes) { return from_strokes(strokes); }

double between(const std::vector<Stroke>& a, const std::vector<Stroke>& b) {
  return ink_distance(InkMap(sketch_of(a)), InkMap(sketch_of(b)));
}

Stroke reversed(Stroke stroke) {
  std::ranges::reverse(stroke);
  return stroke;
}

TEST(InkMap, IsOfWhatIsSeenAndNotOfHowItWasDrawn) {
  EXPECT_EQ(between({kUp, kAcross}, {kUp, kAcross}), 0);
  EXPECT_EQ(between({kUp, kAcross}, {kAcross, kUp}), 0) << "another order";
  EXPECT_EQ(between({kUp, kAcross}, {reversed(kUp), kAcross}), 0) << "backwards";
  EXPECT_EQ(between({kUp, kAcross}, {kUp, kAcross, kAcross}), 0) << "a line twice";
  EXPECT_EQ(between({kUp, kAcross}, {kUp, kDot, kAcross}), 0) << "a dot";
  const Stroke more{{0, 0}, {2.5F, -10}, {5, -20}, {5, -20}, {4, -30}, {3, -40}};
  EXPECT_LT(between({kUp, kAcross}, {more, kAcross}), 0.01) << "more points on the same line";
  Stroke up = kUp, across = kAcross;
  for (Stroke* stroke : {&up, &across})
    for (Position& p : *stroke) p = {p.x * 7 + 1000, p.y * 7 - 300};
  EXPECT_EQ(between({kUp, kAcross}, {up, across}), 0) << "another size and place";
}

TEST(InkMap, ADistanceIsThatOfTheFormula) {
  const std::vector<Stroke> across{{{0, 0}, {1, 0}}}, down{{{0, 0}, {0, 1}}};
  EXPECT_EQ(InkMap(sketch_of(across)).cells(), kInkSide);
  // A cell x lies |x - 16| columns and three directions from the nearest ink of the other line, in the middle.
  double sum = 0;
  for (int x = 0; x < kInkSide; ++x) sum += std::hypot(x - kInkSide / 2, 3 * kInkTurn);
  EXPECT_NEAR(between(across, down), sum / kInkSide / kInkSide, 1e-6);
  EXPECT_EQ(between(across, down), between(down, across));
}

TEST(InkMap, FurtherOffIsFurther) {
  // A square's upper edge bends down by more and more.
  const auto bent = [](float by) { return std::vector<Stroke>{{{0, 0}, {50, by}, {100, 0}, {100, 100}, {0, 100}}}; };
  double before = 0;
  for (const float by : {6.0F, 12.0F, 25.0F, 60.0F}) {
    const double distance = between(bent(0), bent(by));
    EXPECT_GT(distance, before) << by;
    before = distance;
  }
}

// The mean of all pixels is near every picture, and so is an empty one. Neither may be so here.
TEST(InkMap, ScribblesAndLinesAreAsFarAsAnyOther) {
  RandomStream random(1, Purpose::kTest);
  Stroke scribble;
  for (int i = 0; i < 200; ++i) scribble.push_back({random.uniform(), random.uniform()});
  const InkMap dense(sketch_of({scribble})), line(sketch_of({{{0, 0}, {1, 0.3F}}}));
  std::vector<double> others, to_scribble, to_line;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const InkMap map(draw_doodle(kDoodleSeed, i).sketch);
    to_scribble.push_back(ink_distance(map, dense));
    to_line.push_back(ink_distance(map, line));
    for (std::uint64_t j = 0; j < i; ++j)
      others.push_back(ink_distance(map, InkMap(draw_doodle(kDoodleSeed, j).sketch)));
  }
  const auto median = [](std::vector<double>& values) {
    std::ranges::nth_element(values, values.begin() + std::ssize(values) / 2);
    return values[values.size() / 2];
  };
  EXPECT_GT(median(to_scribble), 0.8 * median(others));
  EXPECT_GT(median(to_line), median(others));
}

TEST(InkMap, BlankIsInfinitelyFar) {
  const std::vector<Sketch> blanks{
      {}, {{{3, 4, true}}}, {{{3, 4, true}, {1, 1, true}}}, {{{3, 4, false}, {0, 0, true}}}};
  for (const Sketch& blank : blanks) {
    EXPECT_TRUE(InkMap(blank).is_blank());
    EXPECT_EQ(InkMap(blank).cells(), 0);
    EXPECT_EQ(ink_distance(InkMap(blank), InkMap(sketch_of({kUp}))), INFINITY);
    EXPECT_EQ(ink_distance(InkMap(sketch_of({kUp})), InkMap(blank)), INFINITY);
    EXPECT_EQ(ink_distance(InkMap(blank), InkMap(blank)), INFINITY);
  }
}

TEST(InkMap, TakesAnyNumbers) {
  constexpr float kSizes[] = {0, 1e-38F, 1e-20F, 1, 1e6F, 1e20F, 3e38F};
  std::vector<InkMap> maps;
  for (std::uint64_t i = 0; i < 200; ++i) {
    RandomStream random(2, Purpose::kTest, 0, i);
    Sketch sketch;
    for (std::uint64_t points = random.below(9); points > 0; --points) {
      const float size = kSizes[random.below(std::size(kSizes))];
      const float dx = size * random.uniform(-1, 1), dy = random.uniform() < 0.3F ? 0 : size * random.uniform(-1, 1);
      sketch.points.push_back({dx, dy, random.uniform() < 0.3F});
    }
    maps.emplace_back(sketch);
    EXPECT_TRUE(maps.back().is_blank() || !is_blank(sketch)) << i;
  }
  for (const InkMap& a : maps)
    for (const InkMap& b : maps) {
      const double distance = ink_distance(a, b);
      EXPECT_EQ(distance, ink_distance(b, a));
      EXPECT_EQ(std::isinf(distance), a.is_blank() || b.is_blank());
      EXPECT_TRUE(std::isinf(distance) || (distance >= 0 && distance < 1.5)) << distance;
    }
  for (const InkMap& a : maps) EXPECT_EQ(ink_distance(a, a), a.is_blank() ? INFINITY : 0);
}

}  // namespace
}  // namespace limn::sketch
