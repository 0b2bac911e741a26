// What the readers of drawing programs share: outlines to strokes, and the count of elements that are not drawn.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "limn/sketch/drawing_apps.hpp"
#include "limn/sketch/svg_path.hpp"

namespace limn::sketch {

class ElementDrawer {
 public:
  // `origin` must outlive it.
  ElementDrawer(const std::string& origin, const DrawingAppOptions& options);

  // Where the next elements lie.
  void place(const svg::Transform& transform) { transform_ = transform; }
  void polyline(const std::vector<svg::Point>& points, bool is_closed = false);
  // Within the box from (0, 0) to (w, h).
  void ellipse(double w, double h);
  void leave_out(std::string_view type);

  [[nodiscard]] Sketch take();
  // After the last sketch: the note about what was left out.
  void tell_left_out();

  // A number of an element, `otherwise` where it has none. Throws Error beyond all pages.
  [[nodiscard]] double number(JsonValue value, double otherwise = 0) const;
  // {"x": …, "y": …} or [x, y, …].
  [[nodiscard]] svg::Point point(JsonValue value) const;
  [[nodiscard]] std::vector<svg::Point> points(JsonValue list) const;

 private:
  const std::string& origin_;
  const DrawingAppOptions& options_;
  svg::Transform transform_;
  std::vector<Stroke> strokes_;
  std::size_t points_left_;
  std::map<std::string, std::int64_t, std::less<>> left_out_;
};

// Turned by `angle` in radians around `centre`, after it.
[[nodiscard]] svg::Transform turned(double angle, svg::Point centre);
[[nodiscard]] svg::Transform moved(double x, double y);
// The middle of the box around the points; (0, 0) without points.
[[nodiscard]] svg::Point middle_of(const std::vector<svg::Point>& points);

}  // namespace limn::sketch
