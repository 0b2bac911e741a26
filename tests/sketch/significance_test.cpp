// Ramer-Douglas-Peucker in n log n: the same points as the plain algorithm, and a bound on the work for strokes that
// are made to be slow. Work is counted in distances, not in seconds.
#include "limn/sketch/significance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <string>

#include "limn/core/random.hpp"
#include "limn/sketch/doodles.hpp"
#include "limn/sketch/simplify.hpp"

namespace limn::sketch {
namespace {

double squared_distance(Position p, Position a, Position b) {
  const double along_x = double{b.x} - a.x, along_y = double{b.y} - a.y;
  const double to_x = double{p.x} - a.x, to_y = double{p.y} - a.y;
  const double length = along_x * along_x + along_y * along_y;
  const double dot = to_x * along_x + to_y * along_y;
  if (dot <= 0 || length == 0) return to_x * to_x + to_y * to_y;
  const double past_x = double{p.x} - b.x, past_y = double{p.y} - b.y;
  if (dot >= length) return past_x * past_x + past_y * past_y;
  const double cross = to_x * along_y - to_y * along_x;
  return cross * cross / length;
}

// The algorithm as its papers have it.
void keep_farthest(const Stroke& stroke, std::size_t first, std::size_t last, double epsilon, std::vector<bool>& kept) {
  double farthest = epsilon * epsilon;
  std::size_t split = first;
  for (std::size_t i = first + 1; i < last; ++i) {
    const double distance = squared_distance(stroke[i], stroke[first], stroke[last]);
    if (distance > farthest) {
      farthest = distance;
      split = i;
    }
  }
  if (split == first) return;
  kept[split] = true;
  keep_farthest(stroke, first, split, epsilon, kept);
  keep_farthest(stroke, split, last, epsilon, kept);
}

Stroke plainly_simplified(const Stroke& stroke, double epsilon) {
  if (stroke.size() < 3) return stroke;
  std::vector<bool> kept(stroke.size());
  kept.front() = kept.back() = true;
  keep_farthest(stroke, 0, stroke.size() - 1, epsilon, kept);
  Stroke result;
  for (std::size_t i = 0; i < stroke.size(); ++i)
    if (kept[i]) result.push_back(stroke[i]);
  return result;
}

std::size_t points_in(const std::vector<Stroke>& strokes) {
  std::size_t count = 0;
  for (const Stroke& stroke : strokes) count += stroke.size();
  return count;
}

// A bisection over the plain algorithm.
std::vector<Stroke> plainly_limited(const std::vector<Stroke>& strokes, std::size_t most) {
  if (points_in(strokes) <= most) return strokes;
  double too_small = 0, enough = 0;
  for (const Stroke& stroke : strokes) {
    double length = 0;
    for (std::size_t i = 1; i < stroke.size(); ++i)
      length += std::hypot(double{stroke[i].x} - stroke[i - 1].x, double{stroke[i].y} - stroke[i - 1].y);
    enough = std::max(enough, length);
  }
  const auto at = [&](double epsilon) {
    std::vector<Stroke> result;
    for (const Stroke& stroke : strokes) result.push_back(plainly_simplified(stroke, epsilon));
    return result;
  };
  std::vector<Stroke> best = at(enough);
  for (int i = 0; i < 40 && points_in(best) < most; ++i) {
    const double middle = (too_small + enough) / 2;
    std::vector<Stroke> attempt = at(middle);
    if (points_in(attempt) > most) {
      too_small = middle;
    } else {
      enough = middle;
      best = std::move(attempt);
    }
  }
  return best;
}

struct Kind {
  std::string name;
  std::function<Position(int i, int count, RandomStream& random)> at;
};

float whole(float value) { return std::round(value); }
Position on_circle(double radius, double angle) {
  return {static_cast<float>(radius * std::cos(angle)), static_cast<float>(radius * std::sin(angle))};
}

const std::vector<Kind>& drawn_kinds() {
  static const std::vector<Kind> kinds{
      {"a smooth line",
       [](int i, int count, RandomStream&) {
         const double t = 9.0 * i / count;
         return Position{static_cast<float>(255 * std::sin(t * 0.7 + 1)), static_cast<float>(200 * std::cos(t * 1.3))};
       }},
      {"a shaky line",
       [](int i, int count, RandomStream& random) {
         return Position{static_cast<float>(i) * 200 / static_cast<float>(count) + random.uniform(-1, 1),
                         random.uniform(-3, 3)};
       }},
      {"noise",
       [](int, int, RandomStream& random) {
         return Position{random.uniform(), random.uniform()};
       }},
      {"noise on whole numbers",
       [](int, int, RandomStream& random) {
         return Position{whole(random.uniform(0, 9)), whole(random.uniform(0, 9))};
       }},
      {"hatching",
       [](int i, int, RandomStream&) {
         return Position{static_cast<float>(i / 12), i % 2 ? 100.0F : 0.0F};
       }},
      {"a spiral", [](int i, int, RandomStream&) { return on_circle(i * 0.05, i * 0.05); }},
      {"a circle drawn again and again", [](int i, int, RandomStream&) { return on_circle(100, i * 0.3); }},
      {"rectangles in steps of 1",
       [](int i, int, RandomStream&) {
         const int side = i / 50 % 4, along = i % 50;
         return Position{static_cast<float>(side == 0   ? along
                                            : side == 1 ? 50
                                            : side == 2 ? 50 - along
                                                        : 0),
                         static_cast<float>(side == 0   ? 0
                                            : side == 1 ? along
                                            : side == 2 ? 50
                                                        : 50 - along)};
       }},
      {"a dot",
       [](int, int, RandomStream&) {
         return Position{3, 4};
       }},
      {"a line on itself",
       [](int i, int, RandomStream&) {
         return Position{static_cast<float>(i % 7), 3};
       }},
      {"a far away place",
       [](int, int, RandomStream& random) {
         return Position{1e7F + whole(random.uniform(0, 90)), -3e7F + random.uniform(0, 90)};
       }},
      {"numbers beyond all pages",
       [](int i, int, RandomStream& random) {
         constexpr float kInfinite = std::numeric_limits<float>::infinity();
         return i % 97 == 5    ? Position{i % 2 ? kInfinite : -kInfinite, 1}
                : i % 101 == 7 ? Position{std::nanf(""), 2}
                               : Position{random.uniform(0, 1e38F), random.uniform()};
       }},
  };
  return kinds;
}

// Each split cuts off a point or two: the plain algorithm is quadratic.
const std::vector<Kind>& slow_kinds() {
  static const std::vector<Kind> kinds{
      {"a wedge",
       [](int i, int count, RandomStream&) {
         return Position{static_cast<float>(i), static_cast<float>(i % 2 ? count - i : i - count)};
       }},
      {"hatching of one height to the last bit",
       [](int i, int, RandomStream&) {
         return Position{static_cast<float>(i) * 0.37F, i % 2 ? 100.1F : 0.3F};
       }},
      {"a slanted line on itself",
       [](int i, int, RandomStream&) {
         return Position{static_cast<float>(i % 7), static_cast<float>(i % 7) * 0.3F};
       }},
      {"a wave with a falling head",
       [](int i, int count, RandomStream& random) {
         return Position{random.uniform(0, 1000), static_cast<float>(count - i) * 0.01F};
       }},
      {"a shrinking circle in random order",
       [](int i, int count, RandomStream& random) {
         return i == 0 || i + 1 == count ? Position{}
                                         : on_circle(1000 - 500.0 * i / count, random.uniform(0, 6.2831853F));
       }},
  };
  return kinds;
}

Stroke made(const Kind& kind, int count, std::uint64_t seed = 1) {
  RandomStream random(seed, Purpose::kTest);
  Stroke stroke;
  for (int i = 0; i < count; ++i) stroke.push_back(kind.at(i, count, random));
  return stroke;
}

bool is_same(const Stroke& a, const Stroke& b) {
  const auto same = [](float x, float y) { return x == y || (std::isnan(x) && std::isnan(y)); };
  return std::ranges::equal(a, b,
                            [&](const Position& p, const Position& q) { return same(p.x, q.x) && same(p.y, q.y); });
}

TEST(Significance, KeepsThePointsOfThePlainAlgorithm) {
  for (const Kind& kind : drawn_kinds())
    for (const int count : {0, 1, 2, 3, 17, 64, 65, 66, 97, 128, 513, 1500}) {
      const Stroke stroke = made(kind, count, static_cast<std::uint64_t>(count));
      for (const double epsilon : {0.0, 0.3, 2.0, 30.0, std::numeric_limits<double>::infinity()})
        EXPECT_TRUE(is_same(simplified(stroke, epsilon), plainly_simplified(stroke, epsilon)))
            << kind.name << " of " << count << " points at " << epsilon;
    }
}

TEST(Significance, KeepsThemInDrawingsOfTheSizeOfQuickDraw) {
  const SketchSplits doodles = builtin_doodles();
  for (std::size_t i = 0; i < 100; ++i) {
    std::vector<Stroke> strokes = fitted(to_strokes(doodles[Split::kTrain][i]), kQuickDrawSize);
    for (const double spacing : {0.0, 1.0, 0.1}) {
      const std::vector<Stroke> fine = spacing > 0 ? resampled(strokes, spacing) : strokes;
      for (const Stroke& stroke : fine) EXPECT_EQ(simplified(stroke, 2), plainly_simplified(stroke, 2)) << i;
    }
  }
}

TEST(Significance, OfShortStrokesIsExactHoweverTheyAreMade) {
  for (const Kind& kind : slow_kinds())
    for (const int count : {65, static_cast<int>(kExactPoints)}) {
      const Stroke stroke = made(kind, count);
      for (const double epsilon : {0.0, 2.0})
        EXPECT_EQ(simplified(stroke, epsilon), plainly_simplified(stroke, epsilon)) << kind.name;
    }
}

TEST(Significance, LimitsAsABisectionOfThePlainAlgorithm) {
  for (const Kind& kind : drawn_kinds()) {
    if (kind.name == "numbers beyond all pages") continue;
    const std::vector<Stroke> strokes{made(kind, 200, 2), made(kind, 1, 3), made(kind, 131, 4), {}};
    for (const std::size_t most : {5U, 6U, 40U, 150U, 331U})
      EXPECT_EQ(limited(strokes, static_cast<std::int64_t>(most)), plainly_limited(strokes, most))
          << kind.name << " to " << most;
  }
}

TEST(Significance, TakesNLogNDistancesForDrawings) {
  for (const Kind& kind : drawn_kinds()) {
    if (kind.name == "numbers beyond all pages") continue;
    for (const int count : {10'000, 40'000}) {
      const Stroke stroke = made(kind, count);
      const double bound = 10.0 * count * std::log2(count);
      EXPECT_LE(static_cast<double>(significance(stroke, 0).distances), bound) << kind.name;
      EXPECT_LE(static_cast<double>(significance(stroke, 4).distances), bound) << kind.name;
    }
  }
}

double distance_to_chord(Position p, Position a, Position b) { return std::sqrt(squared_distance(p, a, b)); }

TEST(Significance, BoundsItsWorkForStrokesMadeToBeSlow) {
  for (const Kind& kind : slow_kinds())
    for (const int count : {4'000, 20'000}) {
      const Stroke stroke = made(kind, count);
      constexpr double kEpsilon = 5;
      const Significance of = significance(stroke, kEpsilon * kEpsilon);
      EXPECT_LE(static_cast<double>(of.distances), count * (static_cast<double>(kMostDistances) + 2 * std::log2(count)))
          << kind.name;
      std::size_t last_kept = 0;
      for (std::size_t i = 1; i < stroke.size(); ++i) {
        if (of.squared[i] <= kEpsilon * kEpsilon) continue;
        for (std::size_t left_out = last_kept + 1; left_out < i; ++left_out)
          ASSERT_LE(distance_to_chord(stroke[left_out], stroke[last_kept], stroke[i]), kEpsilon) << kind.name;
        last_kept = i;
      }
      EXPECT_EQ(last_kept, stroke.size() - 1);
    }
}

// A point that splits a part never counts more than the splits before it. So a larger epsilon keeps fewer points.
TEST(Significance, OfAStrokeMadeToBeSlowStillFallsWithEpsilon) {
  const Stroke stroke = made(slow_kinds().back(), 9'000);
  std::size_t before = stroke.size() + 1;
  for (const double epsilon : {0.0, 1.0, 10.0, 100.0, 1000.0}) {
    const std::size_t kept = simplified(stroke, epsilon).size();
    EXPECT_LT(kept, before);
    before = kept;
  }
  EXPECT_LE(limited(std::vector<Stroke>{stroke}, 500).front().size(), 500U);
}

}  // namespace
}  // namespace limn::sketch
