// A vector sketch as the models see it: stroke-3, offsets from point to point with a pen bit. A value type;
// it owns its points. Positions are in the units of the file it came from; y grows downwards, as on screens.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace limn::sketch {

// One row of stroke-3: the offset from the previous point (the first one from the origin), and whether the pen
// lifts after this point.
struct StrokePoint {
  float dx = 0;
  float dy = 0;
  bool is_pen_lifted = false;
  friend bool operator==(const StrokePoint&, const StrokePoint&) = default;
};

struct Sketch {
  std::vector<StrokePoint> points;
  friend bool operator==(const Sketch&, const Sketch&) = default;
};

struct Position {
  float x = 0;
  float y = 0;
  friend bool operator==(const Position&, const Position&) = default;
};
// A stroke as absolute positions: what the pen draws without lifting.
using Stroke = std::vector<Position>;

struct Bounds {
  float min_x = 0, min_y = 0, max_x = 0, max_y = 0;
  [[nodiscard]] float width() const { return max_x - min_x; }
  [[nodiscard]] float height() const { return max_y - min_y; }
};

// Absolute strokes, starting from (0, 0) + the first offset. A one-point stroke is a dot.
[[nodiscard]] std::vector<Stroke> to_strokes(const Sketch& sketch);
// The inverse. Empty strokes are left out; the last point of each stroke lifts the pen.
[[nodiscard]] Sketch from_strokes(std::span<const Stroke> strokes);
// The smallest box around all positions; nothing for a sketch without points.
[[nodiscard]] std::optional<Bounds> bounds(const Sketch& sketch);
// Whether nothing is drawn: no stroke has two distinct points. So a drawing of dots alone is blank.
[[nodiscard]] bool is_blank(const Sketch& sketch);
[[nodiscard]] Sketch scaled(const Sketch& sketch, float factor_x, float factor_y);

// Stroke-5 rows (dx, dy, p1 down, p2 lifted, p3 end): the order of the pen states everywhere in limn.
inline constexpr int kStroke5 = 5;
enum class PenState : int { kDown = 0, kLifted = 1, kEnd = 2 };
inline constexpr int kPenStates = 3;

}  // namespace limn::sketch
