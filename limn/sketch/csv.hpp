// Tables in text (.csv, .tsv, .txt): a point a row (point_table.hpp), or Quick, Draw! as Kaggle has it, a drawing a
// row. Fields are separated by semicolons, tabs, commas or spaces, whichever the first line has, in this order. A line
// of names may stand in front. Blank lines separate strokes; lines that begin with # are left out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>

#include "limn/sketch/json.hpp"

namespace limn::sketch {

// Calls `sink` with each sketch. A table of drawings streams; one of points is held, `max_bytes` of text at most.
void read_csv(std::istream& in, const std::string& origin, const SketchJsonOptions& options, const RecordSink& sink,
              std::uint64_t max_bytes);
// The same from a file, which may be packed with gzip. Throws Error if it cannot be opened.
void read_csv(const std::filesystem::path& path, const SketchJsonOptions& options, const RecordSink& sink);

}  // namespace limn::sketch
