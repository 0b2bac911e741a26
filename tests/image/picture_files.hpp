// Pictures and IDX files as other programs write them, made in memory for the readers' tests.
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

struct GifSpec {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> colours;                         // red, green, blue, …; 2, 4, 8, … of them
  std::vector<std::uint8_t> pixels;                          // places in the colours, of the frame
  int left = 0, top = 0, frame_width = 0, frame_height = 0;  // 0: the whole
  int transparent = -1;                                      // a place in the colours
  bool is_interlaced = false;
  int frames = 1;
};
[[nodiscard]] Bytes gif_file(const GifSpec& spec);

// Lossless, of grey as of RGB; RGBA if there is one byte of alpha a pixel.
[[nodiscard]] Bytes webp_file(const image::Raster& image, const std::vector<std::uint8_t>& alpha = {});
// Lossy.
[[nodiscard]] Bytes lossy_webp_file(const image::Raster& image);

struct BmpSpec {
  int width = 0;
  int height = 0;  // below 0: rows from the top
  int bits = 24;
  std::uint32_t compression = 0;
  std::uint32_t header_size = 40;               // 12 has 16-bit sizes
  std::vector<std::uint8_t> palette = {};       // red, green, blue, …
  std::vector<std::uint32_t> masks = {};        // red, green, blue and maybe alpha
  std::vector<std::vector<std::uint8_t>> rows;  // as stored, first to last; padded here
};
[[nodiscard]] Bytes bmp_file(const BmpSpec& spec);
// 24-bit.
[[nodiscard]] Bytes bmp_file(const image::Raster& image);

struct TiffSpec {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint16_t bits = 8;
  std::uint16_t samples = 1;
  std::uint16_t photometric = 1;  // 0 white is zero, 1 black is zero, 2 RGB, 3 palette
  std::uint16_t compression = 1;  // 1 none, 8 deflate; else only written into the header
  std::uint16_t orientation = 1;
  std::uint32_t kind = 0;                   // NewSubfileType
  std::uint16_t extra = 0;                  // ExtraSamples: 1 multiplied alpha, 2 alpha
  std::vector<std::uint16_t> palette = {};  // all reds, all greens, all blues
  std::vector<std::uint8_t> pixels;         // as stored
  int pictures = 1;
};
[[nodiscard]] Bytes tiff_file(const TiffSpec& spec);
[[nodiscard]] Bytes tiff_file(const image::Raster& image);

// EXIF data with that orientation, and the file with them at the place of its format (JPEG, PNG or WebP).
[[nodiscard]] Bytes exif_block(int orientation, bool is_big_endian = true);
[[nodiscard]] Bytes with_exif(const Bytes& file, const Bytes& exif);

// An IDX file of that type byte with those sizes, whatever the content.
[[nodiscard]] Bytes idx_file(const std::vector<std::uint32_t>& sizes, std::span<const std::uint8_t> content,
                             std::uint8_t type = 0x08);

// `count` values that differ and repeat only after 251 of them, from `first` on.
[[nodiscard]] std::vector<std::uint8_t> ramp(std::size_t count, unsigned first = 0);
// A raster of such values.
[[nodiscard]] image::Raster ramp_image(int width, int height, int channels, unsigned first = 0);

}  // namespace limn::testing
