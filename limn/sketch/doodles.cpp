#include "limn/sketch/doodles.hpp"

#include <cmath>

#include "limn/sketch/doodle_kinds.hpp"
#include "limn/sketch/simplify.hpp"

namespace limn::sketch {
namespace {

// Whole numbers before the choice of points: a last bit that differs between two machines' cosines then
// changes neither.
std::vector<Stroke> rounded(std::vector<Stroke> strokes) {
  for (Stroke& stroke : strokes)
    for (Position& p : stroke) p = {std::round(p.x), std::round(p.y)};
  return strokes;
}

}  // namespace

std::vector<std::string> doodle_kinds() {
  std::vector<std::string> names;
  for (const doodles::Kind& kind : doodles::kinds()) names.emplace_back(kind.name);
  return names;
}

Doodle draw_doodle(std::uint64_t seed, std::uint64_t number) {
  constexpr double kSize = 255, kEpsilon = 2.5;
  const doodles::Kind& kind = doodles::kinds()[number % doodles::kinds().size()];
  RandomStream random(seed, Purpose::kDoodles, number);
  doodles::DoodlePen pen(random);
  kind.draw(pen);
  const std::vector<Stroke> dense = rounded(fitted(pen.strokes(), kSize));
  return {from_strokes(limited(simplified(dense, kEpsilon), kDoodleMaxPoints)), kind.name};
}

SketchSplits builtin_doodles(std::uint64_t seed) {
  constexpr std::array<std::uint64_t, 3> kCounts{10'000, 500, 500};
  SketchSplits splits;
  std::uint64_t number = 0;
  for (std::size_t split = 0; split < kCounts.size(); ++split)
    for (const std::uint64_t end = number + kCounts[split]; number < end; ++number)
      splits.sketches[split].push_back(draw_doodle(seed, number).sketch);
  return splits;
}

}  // namespace limn::sketch
