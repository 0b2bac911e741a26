// decode_webp(), on libwebp. The size is known, and checked, before anything is decoded; pixels are written straight
// into memory of ours.
#include <webp/decode.h>

#include <algorithm>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/image/flatten.hpp"
#include "limn/image/image_file.hpp"

namespace limn::image {
namespace {

// Of a picture of one colour a lossless WebP holds no bits at all; others take some.
constexpr double kMostPixelsPerByte = 8192;
// Colours that come back from chroma of their own rounding may differ by one, though the picture was grey.
constexpr int kRounding = 1;

const char* reason(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return "the file ends too early";
    case VP8_STATUS_OUT_OF_MEMORY:
      return "no memory to read it";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "a feature that is not read";
    default:
      return "not a WebP stream";
  }
}

}  // namespace

Raster decode_webp(std::span<const std::byte> file, std::string_view origin) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(file.data());
  const auto check = [&](VP8StatusCode status) {
    require(status == VP8_STATUS_OK, "{}: damaged WebP file: {}; replace or remove it", origin, reason(status));
  };
  WebPDecoderConfig config;
  require(WebPInitDecoderConfig(&config) != 0, "{}: the installed libwebp is of another version", origin);
  check(WebPGetFeatures(data, file.size(), &config.input));
  require(config.input.has_animation == 0, "{}: an animated WebP, which is not read; save one picture of it as PNG",
          origin);
  const auto width = config.input.width, height = config.input.height;
  check_declared_size(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height),
                      pixels_per_byte_above_floor(kMostPixelsPerByte, file.size()), file.size(), origin);
  const int channels = config.input.has_alpha != 0 ? 4 : 3;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
                                   static_cast<std::size_t>(channels));
  config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels.data();
  config.output.u.RGBA.stride = width * channels;
  config.output.u.RGBA.size = pixels.size();
  check(WebPDecode(data, file.size(), &config));
  if (channels == 3)
    return grey_if_colourless({.width = width, .height = height, .channels = 3, .pixels = std::move(pixels)},
                              kRounding);
  Raster image = flattened(pixels, width, height, channels, false);
  pixels = {};
  return grey_if_colourless(std::move(image), kRounding);
}

}  // namespace limn::image
