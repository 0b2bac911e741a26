// Pictures and sketches as SVG text: one <path> a stroke of a drawing, everything else in other elements, so
// that the drawing can be read back. Stand-alone files: no script, style sheet, font or link outside.
#pragma once

#include <string>

#include "limn/render/picture.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::render {

// Coordinates have two decimals. Images are embedded as PNG.
[[nodiscard]] std::string svg_text(const Picture& picture);

// One sketch in its own units, so that reading it back gives the same positions to 1/20,000 of its extent;
// the viewBox leaves a margin of a tenth. Throws Error for positions that are not finite or beyond 1e12.
[[nodiscard]] std::string svg_text(const sketch::Sketch& sketch);

}  // namespace limn::render
