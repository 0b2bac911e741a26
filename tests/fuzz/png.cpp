// PNG images. The checksums of chunks are put right first, as changes to other bytes would rarely get past them.
#include <zlib.h>

#include <algorithm>

#include "fuzz/target.hpp"
#include "limn/image/image_file.hpp"
#include "limn/image/picture_format.hpp"

using namespace limn;

namespace {

constexpr std::size_t kMagic = 8, kAroundChunk = 12;  // length, name, checksum

std::uint32_t big_endian(const std::byte* from) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(from[i]);
  return value;
}

Bytes with_checksums(fuzz::Input input) {
  Bytes file(input.begin(), input.end());
  for (std::size_t at = kMagic; at + kAroundChunk <= file.size();) {
    const std::size_t length = big_endian(file.data() + at);
    if (length > file.size() - at - kAroundChunk) break;
    std::byte* name = file.data() + at + 4;
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(name), static_cast<uInt>(length + 4));
    std::byte* checksum = name + length + 4;
    for (const int shift : {24, 16, 8, 0}) *checksum++ = static_cast<std::byte>(sum >> shift);
    at += length + kAroundChunk;
  }
  return file;
}

// An image may take up to four bytes for each pixel that it declares, and then three more, and sixteen for each of a
// row; nothing else in the file may take any.
std::uint64_t memory_for_pixels(fuzz::Input file) {
  constexpr std::size_t kWidthAt = 16, kHeightAt = 20, kBytesPerPixel = 7, kBytesPerColumn = 16;
  if (file.size() < kHeightAt + 4) return 0;
  const std::uint64_t width = big_endian(file.data() + kWidthAt), height = big_endian(file.data() + kHeightAt);
  const bool is_read = width > 0 && height > 0 && std::max(width, height) <= image::kMaxImageSide &&
                       width <= image::kMaxImagePixels / height;
  return is_read ? kBytesPerPixel * width * height + kBytesPerColumn * width + height * sizeof(void*) : 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::uint64_t pixels = memory_for_pixels(std::as_bytes(std::span(data, size)));
  const fuzz::MemoryBound bound{.per_byte = 16, .floor = (1 << 20) + pixels};
  return fuzz::survive(data, size, bound, [](fuzz::Input input) {
    const Bytes file = with_checksums(input);
    if (image::picture_format(file) == image::PictureFormat::kPng) (void)image::decode_image(file, "input");
  });
}
