#include "limn/models/own_drawing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/sketch/doodles.hpp"
#include "limn/sketch/sketch_store.hpp"

namespace limn::models {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 8> kDataSetEndings{".npz",  ".npy",  ".pkl",    ".pickle",
                                                          ".cpkl", ".limn", ".ndjson", ".bin"};

bool has_data_set_ending(const fs::path& path) {
  const fs::path clean = path.has_filename() ? path : path.parent_path();
  const std::string ending = ending_of(ending_of(clean) == ".gz" ? clean.stem() : clean);
  return std::ranges::find(kDataSetEndings, ending) != kDataSetEndings.end();
}

fs::path clean(const fs::path& path) {
  fs::path result = fs::absolute(path).lexically_normal();
  return result.has_filename() ? result : result.parent_path();
}

// Whether `path` is `folder` or lies below it.
bool is_within(const fs::path& path, const fs::path& folder) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

float longer_side(const sketch::Sketch& sketch) {
  const auto box = sketch::bounds(sketch);
  return box ? std::max(box->width(), box->height()) : 0;
}

}  // namespace

bool is_training_data(const Checkpoint& checkpoint, std::string_view path) {
  const std::string name = sketch::exact_data_name(std::string(path));
  return std::ranges::any_of(training_data(checkpoint), [&](const std::string& data) {
    return data == name || (!is_builtin(data) && is_within(clean(path), clean(data)));
  });
}

bool is_in_data_units(const Checkpoint& checkpoint, std::string_view path) {
  return is_builtin(path) || has_data_set_ending(path) || is_training_data(checkpoint, path);
}

FittedDrawing fitted(const SketchModel& model, const TypicalDrawing& typical, const sketch::Sketch& drawing,
                     std::size_t points, std::int64_t max_points) {
  require(std::ranges::all_of(drawing.points,
                              [](const sketch::StrokePoint& p) { return std::isfinite(p.dx) && std::isfinite(p.dy); }),
          "holds a value that is not finite");
  sketch::Sketch given = drawing;
  if (points > 0 && points < given.points.size()) given.points.resize(points);
  const bool is_open = !given.points.empty() && !given.points.back().is_pen_lifted;
  PreparedDrawing prepared =
      prepare(sketch::to_strokes(given), frame_around(sketch::to_strokes(drawing)), typical, max_points);
  if (is_open && !prepared.sketch.points.empty()) prepared.sketch.points.back().is_pen_lifted = false;
  FittedDrawing result{.sketch = model.in_data_units(prepared.sketch), .map = prepared.map};
  result.map.scale /= model.scale_factor();
  return result;
}

sketch::Sketch brought_back(const sketch::Sketch& drawn, const PaperMap& map) {
  std::vector<sketch::Stroke> strokes = sketch::to_strokes(drawn);
  for (sketch::Stroke& stroke : strokes)
    for (sketch::Position& p : stroke) p = map.to_paper(p.x, p.y);
  return sketch::from_strokes(strokes);
}

sketch::Sketch continued(const sketch::Sketch& given, const sketch::Sketch& drawn, std::size_t prefix,
                         const PaperMap& map) {
  sketch::Sketch result = given;
  const auto scale = static_cast<float>(map.scale);
  for (std::size_t i = prefix; i < drawn.points.size(); ++i) {
    const sketch::StrokePoint& p = drawn.points[i];
    result.points.push_back({p.dx * scale, p.dy * scale, p.is_pen_lifted});
  }
  if (!result.points.empty()) result.points.back().is_pen_lifted = true;
  return result;
}

double relative_size(const SketchModel& model, const TypicalDrawing& typical, const Drawings& drawings) {
  std::vector<float> sides;
  for (const sketch::Sketch& sketch : drawings.sketches)
    if (const float side = longer_side(sketch); std::isfinite(side) && side > 0) sides.push_back(side);
  if (sides.empty()) return 1;
  const auto middle = sides.begin() + static_cast<std::ptrdiff_t>(sides.size() / 2);
  std::ranges::nth_element(sides, middle);
  return *middle / (typical.extent * model.scale_factor());
}

double relative_offsets(const SketchModel& model, const Drawings& drawings) {
  const double deviation = sketch::offset_deviation(drawings.sketches);
  return std::isfinite(deviation) && deviation > 0 ? deviation / model.scale_factor() : 1;
}

}  // namespace limn::models
