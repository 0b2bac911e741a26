// The geometry of a chart's curves: what is cut off, thinned out and smoothed before it is drawn.
#pragma once

#include <span>
#include <vector>

#include "limn/render/picture.hpp"

namespace limn::render {

struct PlotBox {
  double left = 0, top = 0, right = 0, bottom = 0;
  [[nodiscard]] double width() const { return right - left; }
  [[nodiscard]] double height() const { return bottom - top; }
};

// The pieces of a polyline that lie inside the box, cut at its edges. A single point inside is a piece of
// one.
[[nodiscard]] std::vector<std::vector<PicturePoint>> clip_curve(std::span<const PicturePoint> curve,
                                                                const PlotBox& box);

// Keeps the first, lowest, highest and last point of each pixel column: looks the same, whatever the number
// of points.
[[nodiscard]] std::vector<PicturePoint> thin_curve(std::span<const PicturePoint> curve);

// The mean of the finite values from `half` before to `half` after each place; not a number where the value
// is not. Near the start the window narrows on both sides, so that a steep start is not flattened.
[[nodiscard]] std::vector<double> running_mean(std::span<const double> values, std::size_t half);

}  // namespace limn::render
