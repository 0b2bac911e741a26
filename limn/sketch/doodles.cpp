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

SketchSplits builtin_doodles(DoodleFamily family, std::uint64_t seed) {
  const std::uint64_t kinds = kinds_of(family).size();
  const std::uint64_t held_out = family == DoodleFamily::kTen ? 50 : 20;
  SketchSplits splits;
  std::uint64_t number = 0;
  for (const auto& [split, of_each] :
       {std::pair{Split::kTrain, std::uint64_t{1000}}, {Split::kValid, held_out}, {Split::kTest, held_out}})
    for (const std::uint64_t end = number + of_each * kinds; number < end; ++number)
      splits[split].push_back(draw_doodle(seed, number, family).sketch);
  return splits;
}

}  // namespace limn::sketch
