// The built-in data set: doodles of a few kinds that the program draws itself, so that everything runs with
// no download. A doodle is a pure function of (seed, number), the same on every machine: whole units, the
// longer side 255, at most kDoodleMaxPoints points, like Google's Quick, Draw!.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limn/sketch/dataset.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

inline constexpr std::int64_t kDoodleMaxPoints = 64;
inline constexpr std::uint64_t kDoodleSeed = 1;

// "cat", "face", …: what a doodle can be.
[[nodiscard]] std::vector<std::string> doodle_kinds();

struct Doodle {
  Sketch sketch;
  std::string kind;
};
// Doodle `number` of the endless row of that seed. The kinds take turns, in the order of doodle_kinds().
[[nodiscard]] Doodle draw_doodle(std::uint64_t seed, std::uint64_t number);

// 10,000 for training, 500 for validation, 500 for test, all different.
[[nodiscard]] SketchSplits builtin_doodles(std::uint64_t seed = kDoodleSeed);

}  // namespace limn::sketch
