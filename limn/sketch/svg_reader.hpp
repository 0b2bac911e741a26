// SVG drawings as sketches: the outlines of path, polyline, polygon, line, rect, circle and ellipse under
// every transform, in document order, in user units; fills, widths, colours and the viewBox's scaling play no
// part. What is not drawn (display:none, defs, symbol, clipPath, mask, marker, pattern) is left out, text,
// images and a filled rectangle as large as the picture (its paper) too. An internal <use> is drawn; nothing outside of
// the file is ever opened and no entity is resolved.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

struct SvgReadOptions {
  double tolerance = 0.25;  // farthest that the straight pieces may lie from a curve, user units; smaller: more points
};

// Bounds on what an SVG may ask for.
inline constexpr std::size_t kMaxSvgBytes = std::size_t{32} << 20;
inline constexpr int kMaxSvgDepth = 256;  // elements in elements, those reached through <use> included
inline constexpr std::size_t kMaxSvgPoints = 4'000'000;

// The strokes. Closed shapes end where they began. A subpath of one point is a dot. Throws Error for what is
// not XML, for numbers and path data that are not SVG's, and beyond the bounds. `origin` begins the error
// messages.
[[nodiscard]] std::vector<Stroke> parse_svg(std::string_view svg, const std::string& origin,
                                            const SvgReadOptions& options = {});
[[nodiscard]] Sketch read_svg(const std::filesystem::path& path, const SvgReadOptions& options = {});

}  // namespace limn::sketch
