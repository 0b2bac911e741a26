#include "app/image_output.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/render/save.hpp"

namespace limn::app {
namespace {

constexpr double kSheetWidth = 1000;  // about, in pixels
constexpr double kFrameSide = 280;
constexpr double kLargestScale = 10;

// The multiple of `pixels` that comes nearest to `wanted`, at least as large as the image is.
double whole_multiple(double pixels, double wanted) {
  return pixels * std::clamp(std::round(wanted / pixels), 1.0, kLargestScale);
}

Raster enlarged(const Raster& image, int factor) {
  Raster out = make_raster(image.width * factor, image.height * factor, image.channels);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) std::copy_n(image.at(x / factor, y / factor), image.channels, out.at(x, y));
  return out;
}

}  // namespace

bool is_animation(const std::filesystem::path& path) { return path.extension() == ".gif"; }

void check_image_output(const std::filesystem::path& path, bool may_be_animated) {
  const auto ending = path.extension();
  require(ending == ".svg" || ending == ".png" || (may_be_animated && ending == ".gif"),
          "{}: the ending says what to write; images go to {}", path.string(),
          may_be_animated ? ".svg, .png, .gif" : ".svg, .png");
}

std::vector<SheetCell> image_cells(std::span<const float> pixels, const ImageShape& shape) {
  const auto size = static_cast<std::size_t>(shape.size());
  std::vector<SheetCell> cells;
  for (std::size_t first = 0; first + size <= pixels.size(); first += size)
    cells.push_back(cell_of(to_raster(pixels.subspan(first, size), shape)));
  return cells;
}

void append_image_row(Sheet& sheet, const std::string& heading, std::span<const float> pixels,
                      const ImageShape& shape) {
  auto cells = image_cells(pixels, shape);
  cells.resize(static_cast<std::size_t>(sheet.columns));
  std::ranges::move(cells, std::back_inserter(sheet.cells));
  sheet.row_headings.push_back(heading);
}

void save_images(const std::filesystem::path& path, const Sheet& sheet, const ImageShape& shape,
                 const ImageSheetOptions& options) {
  const double side = static_cast<double>(std::max(shape.width, shape.height));
  const double cell = options.scale > 0 ? side * static_cast<double>(options.scale)
                                        : whole_multiple(side, kSheetWidth / std::max(sheet.columns, 6));
  save_sheet(path, sheet, {.sheet = {.cell_size = cell, .image_gap = options.gap}});
}

void save_image_frames(const std::filesystem::path& path, std::span<const float> pixels, const ImageShape& shape,
                       const ImageAnimation& animation) {
  const double side = static_cast<double>(std::max(shape.width, shape.height));
  const int factor = static_cast<int>(whole_multiple(side, kFrameSide) / side);
  std::vector<GifFrame> frames;
  for (const auto& cell : image_cells(pixels, shape)) frames.push_back({enlarged(*cell.image, factor), animation.frame_ms});
  frames.back().duration_ms = animation.hold_ms;
  write_gif(path, frames);
}

}  // namespace limn::app
