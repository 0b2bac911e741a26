#include "limn/sketch/exact_strokes.hpp"

#include <algorithm>
#include <cmath>

namespace limn::sketch {
namespace {

// A float has 24 bits. Of a drawing 64 times as far away as it is large, positions in float would keep 18.
constexpr double kFar = 64;

bool is_far(std::span<const ExactStroke> strokes, double ExactPosition::*axis) {
  double least = HUGE_VAL, most = -HUGE_VAL;
  for (const ExactStroke& stroke : strokes)
    for (const ExactPosition& position : stroke) {
      least = std::min(least, position.*axis);
      most = std::max(most, position.*axis);
    }
  return most > least && std::max(std::abs(least), std::abs(most)) > kFar * (most - least);
}

// The offsets of one axis.
class Offsets {
 public:
  explicit Offsets(bool is_far) : is_far_(is_far) {}

  float next(double value) {
    if (!is_far_) {
      const auto rounded = static_cast<float>(value);
      const float offset = rounded - static_cast<float>(last_);
      last_ = rounded;
      return offset;
    }
    if (is_first_) {
      is_first_ = false;
      shift_ = static_cast<float>(value) - value;
    }
    // From where the offsets so far lead: their roundings do not add up.
    const auto offset = static_cast<float>(value + shift_ - last_);
    last_ += offset;
    return offset;
  }

 private:
  bool is_far_;
  bool is_first_ = true;
  double shift_ = 0;  // of the whole drawing, by the rounding of its first position
  double last_ = 0;
};

}  // namespace

Sketch from_strokes(std::span<const ExactStroke> strokes) {
  Offsets x(is_far(strokes, &ExactPosition::x)), y(is_far(strokes, &ExactPosition::y));
  Sketch sketch;
  std::size_t points = 0;
  for (const ExactStroke& stroke : strokes) points += stroke.size();
  sketch.points.reserve(points);
  for (const ExactStroke& stroke : strokes) {
    for (const ExactPosition& position : stroke)
      sketch.points.push_back({x.next(position.x), y.next(position.y), false});
    if (!stroke.empty()) sketch.points.back().is_pen_lifted = true;
  }
  return sketch;
}

}  // namespace limn::sketch
