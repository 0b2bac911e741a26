// SVG's lengths and transforms: the transform attribute, and CSS's transform and transform-origin with their units.
// Used by svg_reader.cpp.
#pragma once

#include <optional>
#include <string_view>

#include "limn/sketch/svg_path.hpp"

namespace limn::sketch::svg {

// What lengths that depend on the picture refer to.
struct Viewport {
  std::optional<Point> size;  // of the nearest viewBox, user units; nothing where the picture says none
};
enum class Along { kX, kY, kBoth };

// In user units: CSS's 96 to the inch; em and rem are 16 and ex is 8, as of text that nobody sized. Nothing for what is
// no length, and for a percentage of a viewport that has no size.
[[nodiscard]] std::optional<double> length_of(std::string_view text, const Viewport& viewport, Along along);

// Of an attribute: matrix, translate, scale, rotate, skewX and skewY of plain numbers. Nothing for what is not SVG's;
// browsers then pass over the whole attribute.
[[nodiscard]] std::optional<Transform> attribute_transform(std::string_view text);

// Of CSS: the same with units, and translateX, scaleY, rotateZ and the like; nothing for what is not CSS's or turns the
// picture out of its plane.
[[nodiscard]] std::optional<Transform> css_transform(std::string_view text, const Viewport& viewport);

// The transform about `origin`, a value of transform-origin: "" for the corner of the picture. Nothing for another
// value.
[[nodiscard]] std::optional<Transform> around_origin(const Transform& transform, std::string_view origin,
                                                     const Viewport& viewport);

// The transform of a viewBox into a viewport of `size` at (0, 0), by preserveAspectRatio. Both sides are above 0.
struct Box {
  double x = 0, y = 0, width = 0, height = 0;
};
[[nodiscard]] std::optional<Box> view_box_of(std::string_view text);  // nothing where it is none or has no area
[[nodiscard]] Transform view_box_transform(const Box& box, Point size, std::string_view preserve_aspect_ratio);

}  // namespace limn::sketch::svg
