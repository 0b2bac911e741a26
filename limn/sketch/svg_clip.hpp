// Clipping of strokes to the regions of clip paths and of nested viewports. A region owns its outlines; all positions
// are in the drawing's own units.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "limn/sketch/sketch.hpp"
#include "limn/sketch/svg_path.hpp"

namespace limn::sketch::svg {

// Everything inside of one of its shapes.
class Region {
 public:
  // Outlines of one shape, each closed from its last point to its first.
  void add(const std::vector<Stroke>& outlines, bool is_even_odd);
  [[nodiscard]] bool contains(Point p) const;  // on an outline counts as inside
  // The parts of the stroke inside; a closed stroke that is cut becomes the parts between the cuts. Takes what it does
  // from `work_left`: each line of the stroke is compared with each of the region, each place where they may cross too,
  // but not of a stroke that lies in a box, or beyond the region. Nothing where not enough is left.
  [[nodiscard]] std::optional<std::vector<Stroke>> clipped(const Stroke& stroke, std::int64_t& work_left) const;

 private:
  struct Shape {
    std::vector<Stroke> outlines;
    bool is_even_odd = false;
    bool is_box = false;  // an upright rectangle: `bounds`
    Bounds bounds;
  };
  [[nodiscard]] bool contains(const Shape& shape, Point p) const;
  [[nodiscard]] std::vector<double> cuts(Point from, Point to) const;

  std::vector<Shape> shapes_;
  std::int64_t edges_ = 0;
  double slack_ = 0;  // how far from an outline still counts as on it: the rounding of floats
};

// An upright rectangle, closed, of any number of points on its four corners; false for anything else.
[[nodiscard]] bool is_upright_rectangle(const Stroke& stroke);
[[nodiscard]] Bounds bounds_of(const Stroke& stroke);

}  // namespace limn::sketch::svg
