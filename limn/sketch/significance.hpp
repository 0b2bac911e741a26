// Ramer-Douglas-Peucker as a number for each point: how far the drawing would move without it. One pass answers for
// every epsilon. Its work does not depend on how the stroke was made: a file may hold any stroke.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

struct Significance {
  // Of each point. An epsilon whose square is below it keeps the point. Ramer-Douglas-Peucker splits a stroke at the
  // point that is farthest from its chord, and again each of the two parts: this is that distance, or that of an
  // earlier split where it is less. Infinite for the first and the last point.
  std::vector<double> squared;
  std::int64_t distances = 0;  // computed: the work
};

// Parts that lie within `least`, a squared distance, of their chord are not split; their points have 0.
// Differs: after kMostDistances distances for each point, the parts that are left are split in their middle. So the
// work is bounded by n log n. Every point that is left out lies within epsilon all the same. Strokes of up to
// kExactPoints points never come to that, and few longer ones do: those in which each split cuts off little, and in
// which many points are equally far but for rounding.
[[nodiscard]] Significance significance(std::span<const Position> stroke, double least);

inline constexpr std::int64_t kMostDistances = 512;
inline constexpr std::int64_t kExactPoints = 512;

}  // namespace limn::sketch
