#include "app/sketch_output.hpp"

#include <array>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/render/save.hpp"
#include "limn/sketch/sketch_file.hpp"

namespace limn::app {
namespace {

bool is_stroke_file(const std::filesystem::path& path) {
  const auto ending = ending_of(path);
  return ending == ".npz" || ending == ".ndjson" || ending == ".json" || ending == ".bin";
}

}  // namespace

void check_sketch_output(const std::filesystem::path& path) {
  require(is_stroke_file(path) || is_sheet_file(path),
          "{}: the ending says what to write; use .svg, .png, .gif, .gcode, .nc, .npz, .ndjson, .bin or .json",
          path.string());
}

void save_drawings(const std::filesystem::path& path, const Sheet& sheet, const std::vector<Sketch>& sketches) {
  if (!is_stroke_file(path)) {
    save_sheet(path, sheet);
    return;
  }
  SketchSplits splits;
  splits[Split::kTrain] = sketches;
  write_sketches(path, splits);
}

}  // namespace limn::app
