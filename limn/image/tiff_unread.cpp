// decode_tiff() of a build without libtiff.
#include "limn/core/error.hpp"
#include "limn/image/image_file.hpp"

namespace limn::image {

Raster decode_tiff(std::span<const std::byte> /*file*/, std::string_view origin, bool* /*has_more*/) {
  fail("{}: a TIFF file, which this build of limn does not read; save it as PNG", origin);
}

}  // namespace limn::image
