// Between the paper that a person draws on and the units that a model knows. A model that draws strokes has seen
// drawings of one size, with few points on long strokes. What a person draws is brought to that size and simplified in
// the same way; what the model adds is brought back to the paper. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/models/sketch_model.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::models {

// Size and place of a model's drawings, in normalised units. Measured on drawings of its own, because its file tells
// only the spread of the offsets, and what was simplified.
struct TypicalDrawing {
  double extent = 1;  // longer side of a finished drawing, the median
  // Some data sets keep in the first offset where on the page a drawing starts (limn's own readers do,
  // docs/formats.md), others begin at (0, 0) (Magenta's). The first offset of a model's drawings tells which it
  // learned from.
  bool has_page_position = false;
  sketch::Position corner;  // top left of a finished drawing, where it has a page position
  sketch::Position start;   // of the first point, as a share of the extent from the top left
  double epsilon = 0;       // what its data were simplified with; 0: as Quick, Draw! simplifies
};
[[nodiscard]] TypicalDrawing measure_typical_drawing(const SketchModel& model);

// The square on the paper that a finished drawing would fill, in the paper's units.
struct PaperFrame {
  double x = 0;
  double y = 0;
  double size = 1;
};
// The square at the top left of the strokes' bounds as large as their longer side. 1 × 1 around nothing.
[[nodiscard]] PaperFrame frame_around(std::span<const sketch::Stroke> strokes);

// A position p on the paper is `origin` + `scale` · (position in the model's units).
struct PaperMap {
  double origin_x = 0;
  double origin_y = 0;
  double scale = 1;
  [[nodiscard]] sketch::Position to_paper(double x, double y) const {
    return {static_cast<float>(origin_x + scale * x), static_cast<float>(origin_y + scale * y)};
  }
};

struct PreparedDrawing {
  sketch::Sketch sketch;  // normalised, simplified; empty if there are no strokes
  PaperMap map;
  sketch::Position pen;  // where the sketch ends, in the model's units
};
// At most max_points points: simplified more where the drawing has more.
[[nodiscard]] PreparedDrawing prepare(std::span<const sketch::Stroke> strokes, const PaperFrame& frame,
                                      const TypicalDrawing& typical, std::int64_t max_points);

// A whole drawing of the model on the paper, its bounds centred in the frame and never larger.
[[nodiscard]] std::vector<sketch::Stroke> placed(const sketch::Sketch& drawing, const PaperFrame& frame);

}  // namespace limn::models
