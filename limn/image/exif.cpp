#include "limn/image/exif.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "limn/core/file.hpp"
#include "limn/image/picture_format.hpp"

namespace limn::image {
namespace {

using Input = std::span<const std::byte>;

constexpr int kUpright = 1;
constexpr unsigned kOrientationTag = 0x0112;
constexpr std::string_view kExifPrefix{"Exif\0\0", 6};

// The `size` bytes at `at` as a number, or nothing beyond the end.
std::optional<std::uint64_t> number(Input bytes, std::uint64_t at, unsigned size, bool is_big_endian) {
  if (at > bytes.size() || size > bytes.size() - at) return std::nullopt;
  std::uint64_t value = 0;
  for (unsigned i = 0; i < size; ++i)
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[at + (is_big_endian ? i : size - 1 - i)]);
  return value;
}

bool has_text(Input bytes, std::uint64_t at, std::string_view text) {
  if (at > bytes.size() || text.size() > bytes.size() - at) return false;
  return std::ranges::equal(bytes.subspan(at, text.size()), as_bytes(text));
}

// EXIF data are a TIFF file of their own: the tag is in its first directory.
int orientation_in(Input tiff) {
  const bool is_big = has_text(tiff, 0, "MM");
  if (!is_big && !has_text(tiff, 0, "II")) return kUpright;
  const auto directory = number(tiff, 4, 4, is_big);
  const auto entries = directory ? number(tiff, *directory, 2, is_big) : std::nullopt;
  if (!entries) return kUpright;
  constexpr std::uint64_t kEntry = 12;
  for (std::uint64_t i = 0, at = *directory + 2; i < *entries; ++i, at += kEntry) {
    const auto tag = number(tiff, at, 2, is_big), type = number(tiff, at + 2, 2, is_big);
    if (!tag || !type) return kUpright;
    if (*tag != kOrientationTag) continue;
    constexpr std::uint64_t kShort = 3, kLong = 4;
    if (*type != kShort && *type != kLong) return kUpright;
    const std::uint64_t value = number(tiff, at + 8, *type == kShort ? 2 : 4, is_big).value_or(kUpright);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : kUpright;
  }
  return kUpright;
}

Input without_prefix(Input exif) { return has_text(exif, 0, kExifPrefix) ? exif.subspan(kExifPrefix.size()) : exif; }

// Segments before the first scan: FF, marker, length with itself, content.
int orientation_of_jpeg(Input file) {
  constexpr std::uint64_t kApp1 = 0xE1, kStartOfScan = 0xDA, kEnd = 0xD9, kFill = 0xFF;
  for (std::uint64_t at = 2; number(file, at, 1, true) == 0xFF;) {
    const auto marker = number(file, at + 1, 1, true);
    if (marker == kFill) {
      ++at;
      continue;
    }
    const auto length = number(file, at + 2, 2, true);
    if (marker == kStartOfScan || marker == kEnd || !length || *length < 2) break;
    if (*length > file.size() - at - 2) break;
    const Input content = file.subspan(at + 4, *length - 2);
    if (marker == kApp1 && has_text(content, 0, kExifPrefix)) return orientation_in(without_prefix(content));
    at += 2 + *length;
  }
  return kUpright;
}

// Chunks: length, name, content, checksum.
int orientation_of_png(Input file) {
  constexpr std::uint64_t kMagic = 8, kHeader = 8, kTrailer = 4;
  for (std::uint64_t at = kMagic;;) {
    const auto length = number(file, at, 4, true);
    if (!length || at + kHeader > file.size() || *length > file.size() - at - kHeader) return kUpright;
    if (has_text(file, at + 4, "eXIf")) return orientation_in(without_prefix(file.subspan(at + kHeader, *length)));
    at += kHeader + *length + kTrailer;
  }
}

int orientation_of_webp(Input file) {
  constexpr std::uint64_t kRiffHeader = 12, kHeader = 8;
  for (std::uint64_t at = kRiffHeader;;) {
    const auto length = number(file, at + 4, 4, false);
    if (!length || *length > file.size() - at - kHeader) return kUpright;
    if (has_text(file, at, "EXIF")) return orientation_in(without_prefix(file.subspan(at + kHeader, *length)));
    at += kHeader + *length + *length % 2;
  }
}

}  // namespace

int exif_orientation(Input file) {
  switch (picture_format(file)) {
    case PictureFormat::kJpeg:
      return orientation_of_jpeg(file);
    case PictureFormat::kPng:
      return orientation_of_png(file);
    case PictureFormat::kWebp:
      return orientation_of_webp(file);
    default:
      return kUpright;
  }
}

Raster turned_upright(Raster stored, int orientation) {
  if (orientation == kUpright) return stored;
  const bool is_on_its_side = orientation >= 5;
  const int width = is_on_its_side ? stored.height : stored.width;
  const int height = is_on_its_side ? stored.width : stored.height;
  Raster upright = make_raster(width, height, stored.channels);
  const int right = stored.width - 1, bottom = stored.height - 1;
  // Where the pixel of column x and row y is stored.
  const auto place = [&](int x, int y) -> std::pair<int, int> {
    switch (orientation) {
      case 2:
        return {right - x, y};
      case 3:
        return {right - x, bottom - y};
      case 4:
        return {x, bottom - y};
      case 5:
        return {y, x};
      case 6:
        return {y, bottom - x};
      case 7:
        return {right - y, bottom - x};
      default:
        return {right - y, x};
    }
  };
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const auto [column, row] = place(x, y);
      std::copy_n(stored.at(column, row), stored.channels, upright.at(x, y));
    }
  return upright;
}

}  // namespace limn::image
