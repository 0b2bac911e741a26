#include "limn/image/flatten.hpp"

#include <algorithm>
#include <cstddef>

#include "limn/image/resize.hpp"

namespace limn::image {

Raster flattened(std::span<const std::uint8_t> pixels, int width, int height, int channels, bool is_grey) {
  Raster raster = make_raster(width, height, is_grey ? 1 : 3);
  const bool has_alpha = channels % 2 == 0;
  const auto step = static_cast<std::size_t>(channels);
  std::uint8_t* out = raster.pixels.data();
  for (std::size_t i = 0; i < pixels.size(); i += step)
    for (int c = 0; c < raster.channels; ++c)
      *out++ = over_white(pixels[i + static_cast<std::size_t>(c)], has_alpha ? pixels[i + step - 1] : 255);
  return raster;
}

Raster grey_if_colourless(Raster image, int tolerance) {
  for (std::size_t i = 0; i + 2 < image.pixels.size(); i += 3) {
    const auto [least, most] = std::minmax({image.pixels[i], image.pixels[i + 1], image.pixels[i + 2]});
    if (most - least > tolerance) return image;
  }
  return in_channels(image, 1);
}

}  // namespace limn::image
