// Handwriting and drawings of digital pens in XML: InkML (traces under <ink>), and the strokes of the IAM on-line
// handwriting database (<StrokeSet>, <Stroke>, <Point x="…" y="…">). A file is one sketch.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "limn/sketch/json_shapes.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

inline constexpr std::size_t kMaxInkBytes = std::size_t{256} << 20;

// Throws Error for what is not XML, for XML without traces or strokes, and for traces in forms that are not read.
// `origin` begins messages and notes.
[[nodiscard]] Sketch parse_ink(std::string_view xml, const std::string& origin, const NoteSink& note = {});
// The same from a file, which may be packed with gzip.
[[nodiscard]] Sketch read_ink(const std::filesystem::path& path, const NoteSink& note = {});

}  // namespace limn::sketch
