#include "limn/sketch/sketch.hpp"

#include <algorithm>

namespace limn::sketch {

std::vector<Stroke> to_strokes(const Sketch& sketch) {
  std::vector<Stroke> strokes;
  // Sums in double: a thousand float offsets drift visibly, and whole numbers stay exact either way.
  double x = 0, y = 0;
  bool starts_stroke = true;
  for (const StrokePoint& point : sketch.points) {
    x += point.dx;
    y += point.dy;
    if (starts_stroke) strokes.emplace_back();
    strokes.back().push_back({static_cast<float>(x), static_cast<float>(y)});
    starts_stroke = point.is_pen_lifted;
  }
  return strokes;
}

Sketch from_strokes(std::span<const Stroke> strokes) {
  Sketch sketch;
  Position last;
  for (const Stroke& stroke : strokes) {
    for (const Position& position : stroke) {
      sketch.points.push_back({position.x - last.x, position.y - last.y, false});
      last = position;
    }
    if (!stroke.empty()) sketch.points.back().is_pen_lifted = true;
  }
  return sketch;
}

std::optional<Bounds> bounds(const Sketch& sketch) {
  std::optional<Bounds> box;
  double sum_x = 0, sum_y = 0;
  for (const StrokePoint& point : sketch.points) {
    sum_x += point.dx;
    sum_y += point.dy;
    const auto x = static_cast<float>(sum_x), y = static_cast<float>(sum_y);
    if (!box) box = Bounds{x, y, x, y};
    box->min_x = std::min(box->min_x, x);
    box->min_y = std::min(box->min_y, y);
    box->max_x = std::max(box->max_x, x);
    box->max_y = std::max(box->max_y, y);
  }
  return box;
}

bool is_blank(const Sketch& sketch) {
  for (std::size_t i = 1; i < sketch.points.size(); ++i) {
    const StrokePoint& point = sketch.points[i];
    if (!sketch.points[i - 1].is_pen_lifted && (point.dx != 0 || point.dy != 0)) return false;
  }
  return true;
}

Sketch scaled(const Sketch& sketch, float factor_x, float factor_y) {
  Sketch result = sketch;
  for (StrokePoint& point : result.points) {
    point.dx *= factor_x;
    point.dy *= factor_y;
  }
  return result;
}

}  // namespace limn::sketch
