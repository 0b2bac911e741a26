// Images cut, scaled and recoloured. Pure functions of values.
#pragma once

#include "limn/image/image.hpp"

namespace limn::image {

// The middle width × height pixels, which must not be more than there are; of an odd remainder the larger
// half is cut off at the right and at the bottom.
[[nodiscard]] Raster center_cropped(const Raster& image, int width, int height);

// To width × height pixels, each at least 1: along an axis that shrinks the mean over the area that a pixel
// covers, along one that grows linear interpolation between pixel centres, and otherwise the pixels as they
// are.
[[nodiscard]] Raster resized(const Raster& image, int width, int height);

// With 1 or 3 channels. Grey is the luma of ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B.
[[nodiscard]] Raster in_channels(const Raster& image, int channels);

}  // namespace limn::image
