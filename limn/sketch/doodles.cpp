#include "limn/sketch/doodles.hpp"

#include <algorithm>
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

std::span<const doodles::Kind> kinds_of(DoodleFamily family) {
  return doodles::kinds().first(family == DoodleFamily::kTen ? 10 : 30);
}

constexpr std::string_view kNewest = "builtin:doodles", kThirty = "builtin:doodles-30", kTen = "builtin:doodles-10";

}  // namespace

std::optional<DoodleFamily> doodles_named(std::string_view name) {
  if (name == kNewest || name == kThirty) return DoodleFamily::kThirty;
  if (name == kTen) return DoodleFamily::kTen;
  return std::nullopt;
}

std::string exact_data_name(const std::string& name) { return name == kNewest ? std::string(kThirty) : name; }

std::string recorded_data_name(const std::string& name) { return name == kNewest ? std::string(kTen) : name; }

std::vector<std::string> doodle_kinds(DoodleFamily family) {
  std::vector<std::string> names;
  for (const doodles::Kind& kind : kinds_of(family)) names.emplace_back(kind.name);
  return names;
}

Doodle draw_doodle(std::uint64_t seed, std::uint64_t number, DoodleFamily family) {
  constexpr double kSize = 255, kEpsilon = 2.5;
  const std::span<const doodles::Kind> kinds = kinds_of(family);
  const doodles::Kind& kind = kinds[number % kinds.size()];
  RandomStream random(seed, Purpose::kDoodles, number);
  doodles::DoodlePen pen(random);
  kind.draw(pen);
  const std::vector<Stroke> dense = rounded(fitted(pen.strokes(), kSize));
  return {from_strokes(limited(simplified(dense, kEpsilon), kDoodleMaxPoints)), kind.name};
}

std::int64_t DrawnDoodles::size(Split split) const {
  const std::int64_t held_out = family_ == DoodleFamily::kTen ? 50 : 20;
  return (split == Split::kTrain ? 1000 : held_out) * std::ssize(kinds_of(family_));
}

std::int64_t DrawnDoodles::length(Split split, std::int64_t index) const {
  return std::ssize(sketch(split, index).points);
}

Sketch DrawnDoodles::sketch(Split split, std::int64_t index) const {
  // The splits lie one behind the other in the row.
  std::int64_t number = index;
  for (const Split before : {Split::kTrain, Split::kValid})
    if (before < split) number += size(before);
  return draw_doodle(seed_, static_cast<std::uint64_t>(number), family_).sketch;
}

LengthRange DrawnDoodles::lengths(Split split) const {
  LengthRange range{.shortest = length(split, 0), .longest = 0};
  for (std::int64_t i = 0; i < size(split); ++i) {
    const std::int64_t points = length(split, i);
    range = {.shortest = std::min(range.shortest, points), .longest = std::max(range.longest, points)};
  }
  return range;
}

SketchSplits builtin_doodles(DoodleFamily family, std::uint64_t seed) {
  const DrawnDoodles doodles(family, seed);
  SketchSplits splits;
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
    for (std::int64_t i = 0; i < doodles.size(split); ++i) splits[split].push_back(doodles.sketch(split, i));
  return splits;
}

}  // namespace limn::sketch
