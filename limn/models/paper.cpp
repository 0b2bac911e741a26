#include "limn/models/paper.hpp"

#include <algorithm>
#include <cmath>

#include "limn/sketch/simplify.hpp"

namespace limn::models {
namespace {

// Quick, Draw!'s preparation: ε = 2 for a drawing of 255 units.
constexpr double kEpsilonOfExtent = 2.0 / 255;

float median(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// Every so many points, with the ends of each stroke. Simplifying a stroke that is made to be slow takes time quadratic
// in its points, and no person draws more points than this.
std::vector<sketch::Stroke> thinned(std::span<const sketch::Stroke> strokes) {
  constexpr std::size_t kMostPoints = 3000;
  std::size_t points = 0;
  for (const sketch::Stroke& stroke : strokes) points += stroke.size();
  const std::size_t stride = points / kMostPoints + 1;
  std::vector<sketch::Stroke> result;
  for (const sketch::Stroke& stroke : strokes) {
    sketch::Stroke kept;
    for (std::size_t i = 0; i < stroke.size(); i += stride) kept.push_back(stroke[i]);
    if ((stroke.size() - 1) % stride != 0) kept.push_back(stroke.back());
    result.push_back(std::move(kept));
  }
  return result;
}

}  // namespace

TypicalDrawing measure_typical_drawing(const SketchModel& model) {
  constexpr std::int64_t kDrawings = 24;
  constexpr float kTemperature = 0.4F;
  constexpr std::uint64_t kSeed = 1;
  // A first offset longer than this share of the drawing is a place on the page; a step of the pen is 3 or 4 percent.
  constexpr double kLongestStep = 0.15;
  std::vector<float> extents, corners_x, corners_y, first, starts_x, starts_y;
  for (const Drawing& drawing : draw_new(model, kDrawings, {.temperature = kTemperature}, kSeed)) {
    const auto box = sketch::bounds(drawing.sketch);
    if (!box) continue;
    const float extent = std::max(box->width(), box->height());
    if (!(extent > 0)) continue;
    const sketch::StrokePoint& start = drawing.sketch.points.front();
    extents.push_back(extent);
    corners_x.push_back(box->min_x);
    corners_y.push_back(box->min_y);
    first.push_back(std::hypot(start.dx, start.dy));
    starts_x.push_back((start.dx - box->min_x) / extent);
    starts_y.push_back((start.dy - box->min_y) / extent);
  }
  const double epsilon = model.simplify() / model.scale_factor();
  if (extents.empty()) return {.corner = {}, .start = {}, .epsilon = epsilon};
  const double extent = median(extents);
  return {.extent = extent,
          .has_page_position = median(first) > kLongestStep * extent,
          .corner = {median(corners_x), median(corners_y)},
          .start = {median(starts_x), median(starts_y)},
          .epsilon = epsilon};
}

PaperFrame frame_around(std::span<const sketch::Stroke> strokes) {
  const auto box = sketch::bounds(sketch::from_strokes(strokes));
  if (!box) return {};
  const double size = std::max(box->width(), box->height());
  return {.x = box->min_x, .y = box->min_y, .size = size > 0 ? size : 1};
}

PreparedDrawing prepare(std::span<const sketch::Stroke> strokes, const PaperFrame& frame, const TypicalDrawing& typical,
                        std::int64_t max_points) {
  PreparedDrawing result;
  PaperMap& map = result.map;
  map.scale = frame.size / typical.extent;
  const double epsilon = typical.epsilon > 0 ? typical.epsilon * map.scale : kEpsilonOfExtent * frame.size;
  const std::vector<sketch::Stroke> simple = sketch::limited(sketch::simplified(thinned(strokes), epsilon), max_points);
  if (typical.has_page_position) {
    map.origin_x = frame.x - map.scale * typical.corner.x;
    map.origin_y = frame.y - map.scale * typical.corner.y;
  } else if (simple.empty()) {
    map.origin_x = frame.x + frame.size * typical.start.x;
    map.origin_y = frame.y + frame.size * typical.start.y;
  } else {
    map.origin_x = simple.front().front().x;
    map.origin_y = simple.front().front().y;
  }
  std::vector<sketch::Stroke> normalised = simple;
  for (sketch::Stroke& stroke : normalised)
    for (sketch::Position& p : stroke)
      p = {static_cast<float>((p.x - map.origin_x) / map.scale), static_cast<float>((p.y - map.origin_y) / map.scale)};
  result.sketch = sketch::from_strokes(normalised);
  if (!normalised.empty()) result.pen = normalised.back().back();
  // Where drawings begin at (0, 0) the model is not given that point, unless its stroke has no other.
  auto& points = result.sketch.points;
  if (!typical.has_page_position && !points.empty() && !points.front().is_pen_lifted) points.erase(points.begin());
  return result;
}

std::vector<sketch::Stroke> placed(const sketch::Sketch& drawing, const PaperFrame& frame) {
  std::vector<sketch::Stroke> strokes = sketch::to_strokes(drawing);
  const auto box = sketch::bounds(drawing);
  if (!box) return strokes;
  const double extent = std::max(box->width(), box->height());
  const double scale = extent > 0 ? frame.size / extent : 1;
  const double left = frame.x + (frame.size - scale * box->width()) / 2;
  const double top = frame.y + (frame.size - scale * box->height()) / 2;
  for (sketch::Stroke& stroke : strokes)
    for (sketch::Position& p : stroke)
      p = {static_cast<float>(left + scale * (p.x - box->min_x)), static_cast<float>(top + scale * (p.y - box->min_y))};
  return strokes;
}

}  // namespace limn::models
