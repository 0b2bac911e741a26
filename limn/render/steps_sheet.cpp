#include "limn/render/steps_sheet.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"

namespace limn::render {
namespace {

// Line widths in image pixels: a share of the window's blur, between what can be seen and what hides the drawing.
constexpr double kWidthOfSigma = 0.35;
constexpr double kThinnest = 0.2;
constexpr double kThickest = 1.5;

// The parts of a side from (x0, y0) to (x1, y1), which is horizontal or vertical, that lie on the image.
void append_side(std::vector<sketch::Stroke>& strokes, sketch::Position a, sketch::Position b,
                 const image::ImageShape& shape) {
  const auto width = static_cast<float>(shape.width), height = static_cast<float>(shape.height);
  const auto is_beside = [](float low, float high, float limit) { return high < 0 || low > limit; };
  if (is_beside(std::min(a.x, b.x), std::max(a.x, b.x), width)) return;
  if (is_beside(std::min(a.y, b.y), std::max(a.y, b.y), height)) return;
  const auto on_image = [&](sketch::Position p) {
    return sketch::Position{std::clamp(p.x, 0.0f, width), std::clamp(p.y, 0.0f, height)};
  };
  strokes.push_back({on_image(a), on_image(b)});
}

std::span<const float> image_of(std::span<const float> pixels, const image::ImageShape& shape, std::int64_t i) {
  const auto size = static_cast<std::size_t>(shape.size());
  return pixels.subspan(static_cast<std::size_t>(i) * size, size);
}

SheetCell canvas_cell(const image::DrawingSteps& steps, std::int64_t drawing, std::int64_t t) {
  if (steps.writes.empty()) return cell_of(image::to_raster(steps.canvas(drawing, t), steps.shape));
  return window_cell(steps.canvas(drawing, t), steps.shape, steps.writes[steps.place(drawing, t)], kWriteWindow);
}

SheetCell original_cell(const image::DrawingSteps& steps, std::int64_t drawing, std::int64_t t,
                        std::span<const float> originals) {
  const auto pixels = image_of(originals, steps.shape, drawing);
  if (steps.reads.empty()) return cell_of(image::to_raster(pixels, steps.shape));
  return window_cell(pixels, steps.shape, steps.reads[steps.place(drawing, t)], kReadWindow);
}

}  // namespace

SheetCell window_cell(std::span<const float> pixels, const image::ImageShape& shape, const image::WindowBox& window,
                      Colour colour) {
  SheetCell cell = cell_of(image::to_raster(pixels, shape));
  const float half = window.side / 2;
  const float left = window.center_x - half, right = window.center_x + half;
  const float top = window.center_y - half, bottom = window.center_y + half;
  DrawingPart part{
      .strokes = {},
      .colour = colour,
      .relative_width = std::clamp(kWidthOfSigma * static_cast<double>(window.sigma), kThinnest, kThickest)};
  append_side(part.strokes, {left, top}, {right, top}, shape);
  append_side(part.strokes, {right, top}, {right, bottom}, shape);
  append_side(part.strokes, {right, bottom}, {left, bottom}, shape);
  append_side(part.strokes, {left, bottom}, {left, top}, shape);
  cell.parts.push_back(std::move(part));
  return cell;
}

Sheet every_step_sheet(const image::DrawingSteps& steps, int columns) {
  require(columns > 0, "a sheet of {} columns; it needs at least one", columns);
  Sheet sheet{.columns = static_cast<int>(std::min<std::int64_t>(columns, steps.steps))};
  for (std::int64_t drawing = 0; drawing < steps.count; ++drawing) {
    for (std::int64_t first = 0; first < steps.steps; first += sheet.columns) {
      const std::int64_t last = std::min<std::int64_t>(first + sheet.columns, steps.steps);
      sheet.row_headings.push_back(fmt::format("{}–{}", first + 1, last));
      for (std::int64_t t = first; t < last; ++t) sheet.cells.push_back(canvas_cell(steps, drawing, t));
      sheet.cells.resize(sheet.row_headings.size() * static_cast<std::size_t>(sheet.columns));
    }
  }
  return sheet;
}

Sheet chosen_steps_sheet(const image::DrawingSteps& steps, int columns, std::span<const float> originals) {
  require(columns > 0, "a sheet of {} columns; it needs at least one", columns);
  Sheet sheet{.columns = static_cast<int>(std::min<std::int64_t>(columns, steps.steps))};
  std::vector<std::int64_t> chosen;
  for (int i = 1; i <= sheet.columns; ++i) chosen.push_back(i * steps.steps / sheet.columns - 1);
  for (const auto t : chosen) sheet.column_headings.push_back(fmt::format("{}", t + 1));
  for (std::int64_t drawing = 0; drawing < steps.count; ++drawing) {
    if (!originals.empty()) {
      for (const auto t : chosen) sheet.cells.push_back(original_cell(steps, drawing, t, originals));
      sheet.row_headings.emplace_back("read");
      sheet.row_headings.emplace_back("written");
    }
    for (const auto t : chosen) sheet.cells.push_back(canvas_cell(steps, drawing, t));
  }
  return sheet;
}

Sheet step_frame(const image::DrawingSteps& steps, std::int64_t t, int columns, std::span<const float> originals) {
  require(t >= 0 && t <= steps.steps, "step {} of {}", t, steps.steps);
  const bool is_finished = t == steps.steps;
  std::vector<SheetCell> cells;
  for (std::int64_t drawing = 0; drawing < steps.count; ++drawing) {
    if (!originals.empty())
      cells.push_back(is_finished ? cell_of(image::to_raster(image_of(originals, steps.shape, drawing), steps.shape))
                                  : original_cell(steps, drawing, t, originals));
    cells.push_back(is_finished ? cell_of(image::to_raster(steps.canvas(drawing, t - 1), steps.shape))
                                : canvas_cell(steps, drawing, t));
  }
  return grid_sheet(std::move(cells), columns);
}

SaveOptions steps_save_options(const Sheet& sheet, const image::ImageShape& shape, double width) {
  const auto side = static_cast<double>(std::max(shape.width, shape.height));
  const double zoom = std::clamp(std::round(width / (std::max(sheet.columns, 4) * side)), 1.0, 12.0);
  SaveOptions options;
  options.sheet.cell_size = zoom * side;
  options.sheet.line_width = zoom;
  return options;
}

}  // namespace limn::render
