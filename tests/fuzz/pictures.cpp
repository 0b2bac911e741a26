// GIF, WebP, BMP and TIFF pictures, told apart by their first bytes.
#include "fuzz/target.hpp"
#include "limn/image/image_file.hpp"
#include "limn/image/picture_format.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // TIFF takes most: 33,024 pixels a byte of the file, or 2^22 in any file, at 18 bytes: up to ten as unpacked, four as
  // libtiff gives them, and a picture that is turned is there twice.
  constexpr std::uint64_t kBytesPerPixel = 18, kFloor = std::uint64_t{1} << 22;
  constexpr fuzz::MemoryBound kBound{.per_byte = 33'024 * kBytesPerPixel, .floor = kFloor * kBytesPerPixel + (8 << 20)};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    const image::PictureFormat format = image::picture_format(input);
    if (format == image::PictureFormat::kPng || format == image::PictureFormat::kJpeg) return;  // targets of their own
    bool has_more = false;
    (void)image::decode_image(input, "input", &has_more);
  });
}
