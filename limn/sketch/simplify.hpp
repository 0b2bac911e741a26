// Fewer points for the same drawing: Ramer-Douglas-Peucker, even resampling, and the preparation that
// Google's Quick, Draw! data went through. Pure functions on absolute strokes; lengths are in the strokes'
// own units.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

// Ramer-Douglas-Peucker: a subset of the points, first and last included, such that every point left out lies
// within `epsilon` of the line drawn instead. epsilon 0 leaves out only points on straight lines. Takes n log n time
// (significance.hpp).
[[nodiscard]] Stroke simplified(std::span<const Position> stroke, double epsilon);
[[nodiscard]] std::vector<Stroke> simplified(std::span<const Stroke> strokes, double epsilon);
[[nodiscard]] Sketch simplified(const Sketch& sketch, double epsilon);

// Points every `spacing` > 0 along the stroke, its first and last point among them.
[[nodiscard]] Stroke resampled(std::span<const Position> stroke, double spacing);
[[nodiscard]] std::vector<Stroke> resampled(std::span<const Stroke> strokes, double spacing);

// Moved and scaled alike along x and y, so that the drawing's longer side is `size` and its top left corner
// (0, 0). A drawing without extent is only moved.
[[nodiscard]] std::vector<Stroke> fitted(std::span<const Stroke> strokes, double size);

// Simplified as little as brings the drawing to at most max_points > 0. Where even two points a stroke are
// too many, the shortest strokes are left out; of a single point a dot is left. A closed stroke of two points becomes a
// line to its farthest point.
[[nodiscard]] std::vector<Stroke> limited(std::span<const Stroke> strokes, std::int64_t max_points);

// The longer side of a drawing of Quick, Draw!.
inline constexpr double kQuickDrawSize = 255;

// The preparation of a sketch, in this order. Nothing by default.
struct SketchPreparation {
  bool is_scaled = false;       // fitted to kQuickDrawSize; at the end rounded to whole numbers
  double spacing = 0;           // resampled at this; 0: as it is
  double epsilon = -1;          // simplified with this; negative: as it is
  std::int64_t max_points = 0;  // limited to this; 0: any number
};
// Quick, Draw!'s own preparation.
inline constexpr SketchPreparation kQuickDrawPreparation{.is_scaled = true, .spacing = 1, .epsilon = 2};

[[nodiscard]] Sketch prepared(const Sketch& sketch, const SketchPreparation& preparation);

// What simplifying would save of a data set without a change that one sees.
struct SimplifySaving {
  double epsilon = 0;      // in the drawings' units, of one digit
  double points = 0;       // per drawing, as they are
  double points_left = 0;  // per drawing, simplified
};
// Of `count` sketches, which `sketch` gives by their numbers; asks for kMostForSaving of them at most, from all over.
// Epsilon is twice that of Quick, Draw!'s preparation for a drawing of the middle size. Nothing where more than
// kWorthwhileShare of the points would be left: such data are simplified already.
[[nodiscard]] std::optional<SimplifySaving> simplify_saving(std::int64_t count,
                                                            const std::function<Sketch(std::int64_t)>& sketch);
inline constexpr std::int64_t kMostForSaving = 500;
inline constexpr double kWorthwhileShare = 0.6;

}  // namespace limn::sketch
