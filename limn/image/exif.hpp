// How a camera was held: the orientation that EXIF stores beside a picture, and the picture turned upright by it. The
// tag is found in JPEG's APP1, PNG's eXIf and WebP's EXIF chunk. Files are hostile: nothing is followed but offsets
// that are checked against the bytes that are there, and nothing takes memory. Pure functions.
#pragma once

#include <cstddef>
#include <span>

#include "limn/image/image.hpp"

namespace limn::image {

// The value of the tag, 1 (upright) to 8. It is 1 where the tag is missing or has another value: the picture is then
// taken as it is stored.
[[nodiscard]] int exif_orientation(std::span<const std::byte> file);

// The picture as it is to be seen, of one that is stored in that orientation.
[[nodiscard]] Raster turned_upright(Raster stored, int orientation);

}  // namespace limn::image
