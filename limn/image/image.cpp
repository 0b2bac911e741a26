#include "limn/image/image.hpp"

#include "limn/core/error.hpp"

namespace limn::image {
namespace {

void check_shape(const Raster& raster, std::string_view origin) {
  require(raster.width >= 1 && raster.height >= 1, "{}: an image of {}x{} pixels; it needs at least one", origin,
          raster.width, raster.height);
  require(raster.channels == 1 || raster.channels == 3,
          "{}: an image of {} channels; only 1 (grey) and 3 (red, green, blue) are known", origin, raster.channels);
}

std::size_t byte_count(const Raster& raster) {
  return static_cast<std::size_t>(raster.width) * static_cast<std::size_t>(raster.height) *
         static_cast<std::size_t>(raster.channels);
}

}  // namespace

Raster make_raster(int width, int height, int channels, std::uint8_t value) {
  Raster raster{.width = width, .height = height, .channels = channels, .pixels = {}};
  check_shape(raster, "make_raster");
  raster.pixels.assign(byte_count(raster), value);
  return raster;
}

void check_raster(const Raster& raster, std::string_view origin) {
  check_shape(raster, origin);
  require(raster.pixels.size() == byte_count(raster), "{}: an image of {}x{}x{} holds {} bytes, expected {}", origin,
          raster.width, raster.height, raster.channels, raster.pixels.size(), byte_count(raster));
}

}  // namespace limn::image
