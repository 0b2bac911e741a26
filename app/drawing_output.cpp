#include "app/drawing_output.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include "app/printing.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/render/save.hpp"
#include "limn/render/steps_sheet.hpp"
#include "limn/sketch/sketch_file.hpp"
#include "limn/sketch/sketch_writer.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

constexpr double kSheetWidth = 1000;  // about, pixels
constexpr double kFrameSide = 280;
constexpr double kLargestScale = 10;
constexpr int kFrameMs = 60;

constexpr double kStepsWidth = 480;  // about, pixels: all frames are held at once
constexpr int kChosenSteps = 12;
constexpr int kShortestStepMs = 40;
constexpr int kDrawingMs = 4000;  // about, from the first step to the last
constexpr int kHoldMs = 2500;

bool is_stroke_file(const fs::path& path) {
  const auto endings = sketch::sketch_file_endings();
  return std::ranges::find(endings, ending_of(path)) != endings.end();
}

std::vector<std::string_view> endings_of(models::Content content, bool has_frames) {
  if (content == models::Content::kImages) {
    // A picture of images holds no strokes that G-code or a pen could follow.
    std::vector<std::string_view> endings{".svg", ".png"};
    if (has_frames) endings.emplace_back(".gif");
    return endings;
  }
  std::vector<std::string_view> endings(render::kSheetEndings.begin(), render::kSheetEndings.end());
  std::ranges::copy(sketch::sketch_file_endings(), std::back_inserter(endings));
  return endings;
}

double longer_side(const image::ImageShape& shape) { return static_cast<double>(std::max(shape.width, shape.height)); }

// The multiple of `pixels` that comes nearest to `wanted`, at least as large as the image is.
double whole_multiple(double pixels, double wanted) {
  return pixels * std::clamp(std::round(wanted / pixels), 1.0, kLargestScale);
}

image::Raster enlarged(const image::Raster& image, int factor) {
  image::Raster out = image::make_raster(image.width * factor, image.height * factor, image.channels);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) std::copy_n(image.at(x / factor, y / factor), image.channels, out.at(x, y));
  return out;
}

void save_frames(const fs::path& path, const models::Drawings& images) {
  const double side = longer_side(images.shape);
  const int factor = static_cast<int>(whole_multiple(side, kFrameSide) / side);
  std::vector<render::GifFrame> frames;
  for (const auto& cell : cells_of(images)) frames.push_back({enlarged(*cell.image, factor), kFrameMs});
  render::write_gif(path, frames);
}

void save_growing(const fs::path& path, const image::DrawingSteps& steps, std::span<const float> originals) {
  auto columns = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(steps.count))));
  if (!originals.empty()) columns *= 2;
  std::vector<render::Sheet> frames;
  for (std::int64_t t = 0; t <= steps.steps; ++t) frames.push_back(render::step_frame(steps, t, columns, originals));
  const int frame_ms = std::max(kShortestStepMs, kDrawingMs / static_cast<int>(steps.steps));
  render::save_sheets_as_frames(path, frames, frame_ms, kHoldMs,
                                render::steps_save_options(frames.front(), steps.shape, kStepsWidth));
}

// Images are magnified so that their pixels stay squares of one size.
render::SaveOptions options_for(const render::Sheet& sheet, const models::Drawings& drawings, const SheetLook& look) {
  if (drawings.content != models::Content::kImages) return {.gcode = look.plotter};
  const double side = longer_side(drawings.shape);
  const double cell = look.scale > 0 ? side * static_cast<double>(look.scale)
                                     : whole_multiple(side, kSheetWidth / std::max(sheet.columns, 6));
  return {.sheet = {.cell_size = cell, .image_gap = look.gap}};
}

}  // namespace

void print_path(const fs::path& path) { print("{}\n", path.string()); }

bool is_animation(const fs::path& path) { return ending_of(path) == ".gif"; }

std::string output_endings(models::Content content, bool has_frames) {
  const auto endings = endings_of(content, has_frames);
  return fmt::format("{} or {}", fmt::join(endings.begin(), endings.end() - 1, ", "), endings.back());
}

void check_output(const fs::path& path, models::Content content, bool has_frames) {
  const auto endings = endings_of(content, has_frames);
  require(std::ranges::find(endings, ending_of(path)) != endings.end(), "{}: the ending says what to write; use {}",
          path.string(), output_endings(content, has_frames));
}

void append(models::Drawings& all, models::Drawings more) {
  if (all.count() == 0) {
    all = std::move(more);
    return;
  }
  std::ranges::move(more.sketches, std::back_inserter(all.sketches));
  std::ranges::copy(more.pixels, std::back_inserter(all.pixels));
  all.cut_short += more.cut_short;
  std::ranges::move(more.labels, std::back_inserter(all.labels));
  std::ranges::move(more.notes, std::back_inserter(all.notes));
}

std::vector<render::SheetCell> cells_of(const models::Drawings& drawings, render::Colour colour) {
  std::vector<render::SheetCell> cells;
  for (const sketch::Sketch& sketch : drawings.sketches) cells.push_back(render::cell_of(sketch, {}, colour));
  const auto size = static_cast<std::size_t>(drawings.shape.size());
  for (std::size_t first = 0; first < drawings.pixels.size(); first += size)
    cells.push_back(render::cell_of(image::to_raster(std::span(drawings.pixels).subspan(first, size), drawings.shape)));
  return cells;
}

namespace {

render::Sheet grid_of(const models::Drawings& drawings, int columns, const SheetLook& look) {
  render::Sheet sheet = render::grid_sheet(cells_of(drawings), columns);
  sheet.title = look.title;
  sheet.column_headings = look.column_headings;
  sheet.row_headings = look.row_headings;
  return sheet;
}

}  // namespace

void save_drawings(const fs::path& path, const render::Sheet& sheet, const models::Drawings& drawings,
                   const SheetLook& look) {
  if (drawings.content == models::Content::kSketches && is_stroke_file(path)) {
    sketch::SketchSplits splits;
    splits[Split::kTrain] = drawings.sketches;
    sketch::write_sketches(path, splits);
  } else {
    render::save_sheet(path, sheet, options_for(sheet, drawings, look));
  }
  print_path(path);
}

Bytes encode_grid(const fs::path& name, const models::Drawings& drawings, int columns, const SheetLook& look) {
  const render::Sheet sheet = grid_of(drawings, columns, look);
  return render::encode_sheet(name, sheet, options_for(sheet, drawings, look));
}

void save_grid(const fs::path& path, const models::Drawings& drawings, int columns, const SheetLook& look) {
  if (drawings.content == models::Content::kSketches || !is_animation(path))
    return save_drawings(path, grid_of(drawings, columns, look), drawings, look);
  save_frames(path, drawings);
  print_path(path);
}

void save_steps(const fs::path& path, const image::DrawingSteps& steps, std::span<const float> originals) {
  if (is_animation(path)) {
    save_growing(path, steps, originals);
  } else {
    const render::Sheet sheet = originals.empty() ? render::every_step_sheet(steps)
                                                  : render::chosen_steps_sheet(steps, kChosenSteps, originals);
    render::save_sheet(path, sheet, render::steps_save_options(sheet, steps.shape));
  }
  print_path(path);
}

}  // namespace limn::app
