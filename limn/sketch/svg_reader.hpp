// SVG drawings as sketches: the outlines of path, polyline, polygon, line, rect, circle and ellipse that a browser
// would paint, under every transform, viewport and clip path, in document order, in the units of the outermost viewBox.
// docs/formats.md says what is read, left out and noted. Nothing outside of the file is ever opened.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "limn/sketch/sketch.hpp"
#include "limn/sketch/svg_notes.hpp"

namespace limn::sketch {

struct SvgReadOptions {
  // Farthest that the straight pieces may lie from a curve, user units; smaller: more points. 0: kSvgToleranceShare of
  // the drawing's diagonal, at most kMaxSvgTolerance.
  double tolerance = 0;
};
inline constexpr double kSvgToleranceShare = 0.001;
inline constexpr double kMaxSvgTolerance = 0.25;

// Bounds on what an SVG may ask for.
inline constexpr std::size_t kMaxSvgBytes = std::size_t{32} << 20;
inline constexpr int kMaxSvgDepth = 256;  // elements in elements, those reached through <use> included
inline constexpr std::size_t kMaxSvgPoints = 4'000'000;

struct SvgContents {
  // One; of a font that draws nothing else one for each glyph.
  std::vector<std::vector<Stroke>> drawings;
  std::vector<svg::Note> notes;  // what was read otherwise than the file says, or left out
};

// Closed shapes end where they began. A subpath of one point is a dot if its line is painted. Throws Error for what is
// not XML, for lengths that depend on a size that is not there, and beyond the bounds. `origin` begins the error
// messages.
[[nodiscard]] SvgContents parse_svg(std::string_view svg, const std::string& origin,
                                    const SvgReadOptions& options = {});

struct SvgSketches {
  std::vector<Sketch> sketches;
  std::vector<svg::Note> notes;
};
// The file, unpacked if it is gzip.
[[nodiscard]] SvgSketches read_svg(const std::filesystem::path& path, const SvgReadOptions& options = {});

}  // namespace limn::sketch
