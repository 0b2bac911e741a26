// Drawings to files, the format chosen by the ending: pictures (.svg .png .gif .gcode) through render, strokes
// (.npz .ndjson .json) through sketch.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "limn/render/sheet.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::app {

// Throws Error listing the endings unless `path` has one of them. Called before long work starts.
void check_sketch_output(const std::filesystem::path& path);

// Pictures get the sheet; stroke files get the sketches, in data units.
void save_drawings(const std::filesystem::path& path, const Sheet& sheet, const std::vector<Sketch>& sketches);

}  // namespace limn::app
