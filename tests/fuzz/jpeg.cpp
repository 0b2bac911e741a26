// JPEG images.
#include "fuzz/target.hpp"
#include "limn/image/image_file.hpp"
#include "limn/image/picture_format.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A bit for 8 × 8 pixels, as four bytes and then three of them; of progressive files the coefficients as well.
  constexpr fuzz::MemoryBound kBound{.per_byte = 512 * 16, .floor = 4 << 20};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    if (image::picture_format(input) == image::PictureFormat::kJpeg) (void)image::decode_image(input, "input");
  });
}
