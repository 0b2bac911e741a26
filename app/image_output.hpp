// Pictures of image models to files: contact sheets (.svg, .png) and animations (.gif) whose pixels stay sharp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "limn/image/dataset.hpp"
#include "limn/render/sheet.hpp"

namespace limn::app {

// Throws Error unless `path` ends in .svg, .png or, where frames can be shown, .gif. Called before long work starts.
void check_image_output(const std::filesystem::path& path, bool may_be_animated);
[[nodiscard]] bool is_animation(const std::filesystem::path& path);

// A cell for each image of pixels [n, C, H, W].
[[nodiscard]] std::vector<SheetCell> image_cells(std::span<const float> pixels, const ImageShape& shape);

// Appends a row with a heading, filled up with empty cells to the sheet's columns.
void append_image_row(Sheet& sheet, const std::string& heading, std::span<const float> pixels, const ImageShape& shape);

struct ImageSheetOptions {
  double gap = 3;          // between images, pixels; 0 joins them to one picture
  std::int64_t scale = 0;  // sides of a pixel of an image; 0: so that a sheet is about 1000 wide
};
// Cells are a whole multiple of the images' size.
void save_images(const std::filesystem::path& path, const Sheet& sheet, const ImageShape& shape,
                 const ImageSheetOptions& options = {});

struct ImageAnimation {
  int frame_ms = 60;
  int hold_ms = 60;  // of the last frame
};
// One image after the other, scaled up.
void save_image_frames(const std::filesystem::path& path, std::span<const float> pixels, const ImageShape& shape,
                       const ImageAnimation& animation = {});

}  // namespace limn::app
