// Pictures painted to pixels with cairo, and pixels as PNG files. Every call has a surface of its own, so any
// number may run at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>

#include "limn/core/file.hpp"
#include "limn/render/picture.hpp"

namespace limn::render {

struct PaintOptions {
  double scale = 1;  // pixels a unit of the picture; 2 suits screens of high density and print
  // How many points of each drawing are painted, for animations.
  std::int64_t points_per_cell = std::numeric_limits<std::int64_t>::max();
};

// Whether paint() works; not in a build without cairo, where it throws Error.
[[nodiscard]] bool can_paint();
// The picture as a raster of three channels. Throws Error if it would have more than 100 million pixels.
[[nodiscard]] image::Raster paint(const Picture& picture, const PaintOptions& options = {});

// A PNG file in memory, 8-bit grey or RGB as the raster is.
[[nodiscard]] Bytes encode_png(const image::Raster& raster);
// Replaces `path`, all or nothing.
void write_png(const std::filesystem::path& path, const image::Raster& raster);

}  // namespace limn::render
