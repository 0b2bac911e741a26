#include "limn/image/image_file.hpp"

#include <algorithm>
#include <array>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"

namespace limn::image {
namespace {

template <std::size_t N>
bool begins_with(std::span<const std::byte> file, const std::array<unsigned char, N>& magic) {
  return file.size() >= N && std::ranges::equal(file.first(N), magic, {},
                                                [](std::byte byte) { return std::to_integer<unsigned char>(byte); });
}

constexpr std::array<unsigned char, 8> kPngMagic{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::array<unsigned char, 3> kJpegMagic{0xff, 0xd8, 0xff};

}  // namespace

Raster decode_image(std::span<const std::byte> file, std::string_view origin) {
  if (begins_with(file, kPngMagic)) return decode_png(file, origin);
  if (begins_with(file, kJpegMagic)) return decode_jpeg(file, origin);
  fail("{}: neither a PNG nor a JPEG file by its first bytes; convert it to PNG or remove it", origin);
}

bool has_image_ending(const std::filesystem::path& path) {
  const std::string ending = ending_of(path);
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
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

}  // namespace limn::image
