// Pixels as decoders give them to pixels as data sets hold them: without alpha, and without colours where there are
// none. Pure functions.
#pragma once

#include <cstdint>
#include <span>

#include "limn/image/image.hpp"

namespace limn::image {

// A value laid over white: (v α + 255 (255 − α))/255, rounded.
[[nodiscard]] inline std::uint8_t over_white(unsigned value, unsigned alpha) {
  return static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

// Of 8-bit grey, grey and alpha, RGB, or RGB and alpha (1 to 4 channels): alpha is laid over white, and of a picture
// without colour the first channel is kept.
[[nodiscard]] Raster flattened(std::span<const std::uint8_t> pixels, int width, int height, int channels, bool is_grey);

// An RGB picture as grey if the channels of each pixel differ by `tolerance` at most, for formats that have no type of
// their own for grey.
[[nodiscard]] Raster grey_if_colourless(Raster image, int tolerance = 0);

}  // namespace limn::image
