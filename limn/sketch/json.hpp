// Sketches as plain JSON, for programs that want nothing else: a list of sketches, each a list of strokes,
// each a list of points [x, y]. Positions are absolute; y grows downwards.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

// Throws Error for anything but numbers in lists of that depth. Further numbers in a point (a time, a
// pressure) are left out. `origin` begins the error messages.
[[nodiscard]] std::vector<Sketch> parse_sketches_json(std::string_view json, const std::string& origin);
[[nodiscard]] std::vector<Sketch> read_sketches_json(const std::filesystem::path& path);

// One sketch per line. Numbers are written so that they read back exactly.
[[nodiscard]] std::string sketches_to_json(std::span<const Sketch> sketches);
// The same text in pieces: the begin, an item for each sketch, the end.
inline constexpr std::string_view kSketchesJsonBegin = "[";
[[nodiscard]] std::string sketches_json_item(const Sketch& sketch, bool is_first);
inline constexpr std::string_view kSketchesJsonEnd = "\n]\n";

}  // namespace limn::sketch
