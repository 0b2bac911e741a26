#include "limn/models/own_drawing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/models/readings.hpp"
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

// `prepares` makes what the model reads of the strokes; the last one may be open.
template <class Prepare>
FittedDrawing fitted_by(const SketchModel& model, const sketch::Sketch& drawing, std::size_t points,
                        const Prepare& prepares) {
  require(std::ranges::all_of(drawing.points,
                              [](const sketch::StrokePoint& p) { return std::isfinite(p.dx) && std::isfinite(p.dy); }),
          "holds a value that is not finite");
  sketch::Sketch given = drawing;
  if (points > 0 && points < given.points.size()) given.points.resize(points);
  const bool is_open = !given.points.empty() && !given.points.back().is_pen_lifted;
  PreparedDrawing prepared = prepares(sketch::to_strokes(given), frame_around(sketch::to_strokes(drawing)), is_open);
  if (is_open && !prepared.sketch.points.empty()) prepared.sketch.points.back().is_pen_lifted = false;
  FittedDrawing result{.sketch = model.in_data_units(prepared.sketch), .map = prepared.map};
  result.map.scale /= model.scale_factor();
  return result;
}

// Where the pen is after the first `points` points.
sketch::Position pen_after(const sketch::Sketch& sketch, std::size_t points) {
  double x = 0, y = 0;
  for (std::size_t i = 0; i < points; ++i) x += sketch.points[i].dx, y += sketch.points[i].dy;
  return {static_cast<float>(x), static_cast<float>(y)};
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
  return fitted_by(model, drawing, points, [&](std::span<const sketch::Stroke> strokes, const PaperFrame& frame, bool) {
    return prepare(strokes, frame, typical, max_points);
  });
}

FittedDrawing fitted_beginning(const SketchModel& model, const TypicalDrawing& typical, const sketch::Sketch& drawing,
                               std::size_t points, std::int64_t max_points) {
  return fitted_by(model, drawing, points,
                   [&](std::span<const sketch::Stroke> strokes, const PaperFrame& frame, bool is_open) {
                     const bool is_first_cut = is_open && strokes.size() == 1;
                     const bool is_whole = points == 0 || points >= drawing.points.size();
                     if (is_first_cut && !is_whole) return prepare(strokes, frame, typical, max_points);
                     return prepare_as_likeliest(model, strokes, frame,
                                                 is_whole ? FrameSize::kLeast : FrameSize::kExact, typical, max_points);
                   });
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
  // The model may have read a line in another order, so its pen may be elsewhere than that of the given drawing.
  const sketch::Position read = pen_after(drawn, prefix), pen = map.to_paper(read.x, read.y);
  const sketch::Position own = pen_after(given, given.points.size());
  for (std::size_t i = prefix; i < drawn.points.size(); ++i) {
    const sketch::StrokePoint& p = drawn.points[i];
    const bool is_first = i == prefix;
    result.points.push_back({p.dx * scale + (is_first ? pen.x - own.x : 0),
                             p.dy * scale + (is_first ? pen.y - own.y : 0), p.is_pen_lifted});
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
