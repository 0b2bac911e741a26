// The files of drawing programs, as values of JSON: Excalidraw (.excalidraw, .excalidrawlib) and tldraw (.tldr, of its
// first and its later versions). What a pen would draw becomes strokes, in the order in which the elements lie on each
// other: free drawing, lines, arrows without their heads, and outlines without rounded corners. Text, images and
// frames are left out, and a note says how many.
#pragma once

#include <string>
#include <vector>

#include "limn/sketch/json_shapes.hpp"
#include "limn/sketch/json_values.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

struct DrawingAppOptions {
  double curve_tolerance = 0;  // of ellipses in drawing programs' files, their units; 0: by their size
  NoteSink note = {};
};

[[nodiscard]] bool is_excalidraw(JsonValue root);
// One sketch; of a library one for each item. `origin` begins messages and notes.
[[nodiscard]] std::vector<Sketch> read_excalidraw(JsonValue root, const std::string& origin,
                                                  const DrawingAppOptions& options);

[[nodiscard]] bool is_tldraw(JsonValue root);
// One sketch for each page that has shapes.
[[nodiscard]] std::vector<Sketch> read_tldraw(JsonValue root, const std::string& origin,
                                              const DrawingAppOptions& options);

}  // namespace limn::sketch
