// PNG, JPEG and IDX files as other programs write them, made in memory for the readers' tests.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "limn/core/file.hpp"
#include "limn/image/image.hpp"

namespace limn::testing {

struct PngSpec {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  int depth = 8;
  int colour_type = 0;  // of the PNG format: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA
  bool is_interlaced = false;
  std::vector<std::uint8_t> rows;               // as stored: 16-bit values big-endian, small ones packed
  std::vector<std::uint8_t> palette = {};       // red, green, blue, …
  std::vector<std::uint8_t> transparency = {};  // content of the tRNS chunk
  double gamma = 0;                             // content of the gAMA chunk; 0: none
};
[[nodiscard]] Bytes png_file(const PngSpec& spec);
// 8-bit grey or RGB.
[[nodiscard]] Bytes png_file(const image::Raster& image);

struct JpegSpec {
  int width = 0;
  int height = 0;
  int channels = 3;  // 1 grey, 3 RGB, 4 CMYK (as Adobe's, inverted)
  bool is_progressive = false;
  int quality = 95;
  std::vector<std::uint8_t> pixels;  // [height, width, channels]
};
[[nodiscard]] Bytes jpeg_file(const JpegSpec& spec);

// An IDX file of that type byte with those sizes, whatever the content.
[[nodiscard]] Bytes idx_file(const std::vector<std::uint32_t>& sizes, std::span<const std::uint8_t> content,
                             std::uint8_t type = 0x08);

// `count` values that differ and repeat only after 251 of them, from `first` on.
[[nodiscard]] std::vector<std::uint8_t> ramp(std::size_t count, unsigned first = 0);
// A raster of such values.
[[nodiscard]] image::Raster ramp_image(int width, int height, int channels, unsigned first = 0);

}  // namespace limn::testing
