// Sketches in JSON: limn's own form, a list of sketches, each a list of strokes, each a list of points [x, y], and
// those of other programs (docs/formats.md). Positions are absolute; y grows downwards.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limn/sketch/json_shapes.hpp"
#include "limn/sketch/quickdraw.hpp"
#include "limn/sketch/sketch_store.hpp"

namespace limn::sketch {

struct SketchJsonOptions {
  bool only_recognized = false;   // passes over drawings of Quick, Draw! that were not recognized
  double curve_tolerance = 0;     // of ellipses in drawing programs' files, their units; 0: by their size
  std::string absolute = "auto";  // of rows with a pen, as StrokeArrayOptions::absolute
  NoteSink note = {};             // as SketchReadOptions::note
};

// Calls `sink` with each sketch in turn. Throws Error for a text that is not JSON, for one that holds no sketches, and
// for one that could mean two things. `origin` begins the messages.
void read_sketches_json(std::string_view json, const std::string& origin, const SketchJsonOptions& options,
                        const RecordSink& sink);
// The same from a file, which may be packed with gzip.
void read_sketches_json(const std::filesystem::path& path, const SketchJsonOptions& options, const RecordSink& sink);

[[nodiscard]] SketchSplits parse_sketches_json(std::string_view json, const std::string& origin,
                                               const SketchJsonOptions& options = {});

// One sketch per line. Numbers are written so that they read back exactly.
[[nodiscard]] std::string sketches_to_json(std::span<const Sketch> sketches);
// The same text in pieces: the begin, an item for each sketch, the end.
inline constexpr std::string_view kSketchesJsonBegin = "[";
[[nodiscard]] std::string sketches_json_item(const Sketch& sketch, bool is_first);
inline constexpr std::string_view kSketchesJsonEnd = "\n]\n";

}  // namespace limn::sketch
