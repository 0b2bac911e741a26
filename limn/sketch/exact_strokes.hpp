// Strokes as texts give them, in double. A sketch keeps float offsets: far from the origin, as in a map's metres or
// degrees, the positions have more digits than a float, and the offsets must not lose them.
#pragma once

#include <span>
#include <vector>

#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

struct ExactPosition {
  double x = 0;
  double y = 0;
  friend bool operator==(const ExactPosition&, const ExactPosition&) = default;
};
using ExactStroke = std::vector<ExactPosition>;

// As of strokes in float, which near the origin it is exactly. Where the drawing is small beside its distance from the
// origin, only the first offset is rounded to float as a position is; the others are as exact as an offset can be.
[[nodiscard]] Sketch from_strokes(std::span<const ExactStroke> strokes);

}  // namespace limn::sketch
