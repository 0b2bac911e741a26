#include "limn/image/image_file.hpp"

#include <algorithm>
#include <array>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/image/exif.hpp"
#include "limn/image/picture_format.hpp"

namespace limn::image {
namespace {

constexpr double kPixelsAlwaysRead = 1 << 22;

Raster decode(std::span<const std::byte> file, std::string_view origin, bool* has_more) {
  switch (picture_format(file)) {
    case PictureFormat::kPng:
      return decode_png(file, origin);
    case PictureFormat::kJpeg:
      return decode_jpeg(file, origin);
    case PictureFormat::kGif:
      return decode_gif(file, origin, has_more);
    case PictureFormat::kWebp:
      return decode_webp(file, origin);
    case PictureFormat::kBmp:
      return decode_bmp(file, origin);
    case PictureFormat::kTiff:
      return decode_tiff(file, origin, has_more);
    case PictureFormat::kNone:
      break;
  }
  const FileKind kind = other_kind(file, ending_of(std::filesystem::path(origin)));
  fail("{}: not a picture that is read (PNG, JPEG, GIF, WebP, BMP, TIFF) but {} by its first bytes; {}", origin,
       kind.name, kind.advice.empty() ? "replace or remove it" : kind.advice);
}

}  // namespace

Raster decode_image(std::span<const std::byte> file, std::string_view origin, bool* has_more) {
  if (has_more != nullptr) *has_more = false;
  return turned_upright(decode(file, origin, has_more), exif_orientation(file));
}

bool has_image_ending(const std::filesystem::path& path) {
  const std::string ending = ending_of(path);
  constexpr std::array<std::string_view, 11> kEndings{".png",  ".jpg", ".jpeg", ".jpe", ".jfif", ".gif",
                                                      ".webp", ".bmp", ".dib",  ".tif", ".tiff"};
  return std::ranges::find(kEndings, ending) != kEndings.end();
}

void check_declared_size(std::uint64_t width, std::uint64_t height, double pixels_per_byte, std::size_t file_size,
                         std::string_view origin) {
  require(width >= 1 && height >= 1, "{}: damaged: an image of {}×{} pixels; replace or remove it", origin, width,
          height);
  require(width <= kMaxImagePixels / height, "{}: {}×{} pixels are more than the {} that are read; scale it down",
          origin, width, height, kMaxImagePixels);
  require(width <= kMaxImageSide && height <= kMaxImageSide, "{}: {}×{} pixels; a side may have {}; scale it down",
          origin, width, height, kMaxImageSide);
  require(static_cast<double>(width * height) <= pixels_per_byte * static_cast<double>(file_size),
          "{}: damaged: declares {}×{} pixels, more than its {} bytes can hold; replace or remove it", origin, width,
          height, file_size);
}

double pixels_per_byte_above_floor(double pixels_per_byte, std::size_t file_size) {
  return std::max(pixels_per_byte, kPixelsAlwaysRead / static_cast<double>(std::max<std::size_t>(file_size, 1)));
}

}  // namespace limn::image
