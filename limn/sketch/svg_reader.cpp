#include "limn/sketch/svg_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "limn/arrays/gunzip.hpp"
#include "limn/core/error.hpp"
#include "limn/sketch/svg_document.hpp"
#include "limn/sketch/svg_drawer.hpp"

namespace limn::sketch {
namespace {

double diagonal(const std::vector<std::vector<Stroke>>& drawings) {
  Bounds all;
  bool is_first = true;
  for (const std::vector<Stroke>& strokes : drawings)
    for (const Stroke& stroke : strokes) {
      const Bounds box = svg::bounds_of(stroke);
      all = is_first ? box
                     : Bounds{std::min(all.min_x, box.min_x), std::min(all.min_y, box.min_y),
                              std::max(all.max_x, box.max_x), std::max(all.max_y, box.max_y)};
      is_first = false;
    }
  return std::hypot(all.width(), all.height());
}

}  // namespace

SvgContents parse_svg(std::string_view svg, const std::string& origin, const SvgReadOptions& options) {
  require(svg.size() <= kMaxSvgBytes, "{}: {} bytes; an SVG may have {} MiB", origin, svg.size(), kMaxSvgBytes >> 20);
  require(options.tolerance >= 0, "{}: a tolerance of {} for curves; it must be above 0, or 0 to follow the drawing",
          origin, options.tolerance);
  svg::Notes notes;
  svg::Document document(svg, origin, notes);
  const auto draw = [&](double tolerance, bool& has_curves) {
    svg::Drawer drawer(document, tolerance, origin, notes);
    auto drawings = drawer.draw();
    has_curves = drawer.has_curves();
    return drawings;
  };
  bool has_curves = true;
  SvgContents contents;
  double tolerance = options.tolerance;
  if (tolerance == 0) {  // how large the drawing is comes first; without curves that is all
    contents.drawings = draw(std::numeric_limits<double>::infinity(), has_curves);
    tolerance = std::min(kMaxSvgTolerance, kSvgToleranceShare * diagonal(contents.drawings));
  }
  if (has_curves && tolerance > 0) contents.drawings = draw(tolerance, has_curves);
  if (std::ranges::all_of(contents.drawings, [](const auto& strokes) { return strokes.empty(); }))
    notes.add("nothing in it is drawn");
  contents.notes = notes.take();
  return contents;
}

SvgSketches read_svg(const std::filesystem::path& path, const SvgReadOptions& options) {
  SvgContents contents = parse_svg(arrays::read_unpacked_text(path, kMaxSvgBytes), path.string(), options);
  SvgSketches sketches{.sketches = {}, .notes = std::move(contents.notes)};
  for (const std::vector<Stroke>& strokes : contents.drawings) sketches.sketches.push_back(from_strokes(strokes));
  return sketches;
}

}  // namespace limn::sketch
