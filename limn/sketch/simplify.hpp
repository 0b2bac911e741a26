// Fewer points for the same drawing: Ramer-Douglas-Peucker, even resampling, and the preparation that
// Google's Quick, Draw! data went through. Pure functions on absolute strokes; lengths are in the strokes'
// own units.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/sketch/sketch.hpp"

namespace limn {

// Ramer-Douglas-Peucker: a subset of the points, first and last included, such that every point left out lies
// within `epsilon` of the line drawn instead. epsilon 0 leaves out only points on straight lines.
[[nodiscard]] Stroke simplified(std::span<const Position> stroke, double epsilon);
[[nodiscard]] std::vector<Stroke> simplified(std::span<const Stroke> strokes, double epsilon);

// Points every `spacing` > 0 along the stroke, its first and last point among them.
[[nodiscard]] Stroke resampled(std::span<const Position> stroke, double spacing);
[[nodiscard]] std::vector<Stroke> resampled(std::span<const Stroke> strokes, double spacing);

// Moved and scaled alike along x and y, so that the drawing's longer side is `size` and its top left corner
// (0, 0). A drawing without extent is only moved.
[[nodiscard]] std::vector<Stroke> fitted(std::span<const Stroke> strokes, double size);

// Simplified as little as brings the drawing to at most max_points > 0. Where even two points a stroke are
// too many, the shortest strokes are left out.
[[nodiscard]] std::vector<Stroke> limited(std::span<const Stroke> strokes, std::int64_t max_points);

// Quick, Draw!'s own preparation: top left, 0–255, resampled at 1, simplified with epsilon 2, whole numbers.
[[nodiscard]] std::vector<Stroke> quickdraw_prepared(std::span<const Stroke> strokes);

}  // namespace limn
