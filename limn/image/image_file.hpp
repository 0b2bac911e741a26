// Reading PNG, JPEG, GIF, WebP, BMP and TIFF files to 8-bit grey or RGB, told apart by their first bytes. Alpha is laid
// over white, 16 bits are rounded to 8, and the picture is turned upright as EXIF says; gamma and colour profiles are
// passed over, as data sets want their numbers as stored. Files are hostile: memory is taken only for sizes that the
// file can bear out, and anything damaged is an Error, never a picture half read. Every call is on its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "limn/image/image.hpp"

namespace limn::image {

// More pixels than these are refused, so that decoding takes half a gigabyte at most.
inline constexpr std::uint64_t kMaxImagePixels = std::uint64_t{1} << 26;
// Nor may a side be longer, as in JPEG: a PNG's decoder holds two rows of its own, of up to eight bytes a pixel.
inline constexpr std::uint64_t kMaxImageSide = 65'535;

// A raster of one channel if the file is grey (by its colour type, or by a palette of greys; by its pixels in a format
// without such a type), else of three. The first picture of a file of several; `has_more`, if given, says whether it is
// one. Throws Error beginning with `origin`.
[[nodiscard]] Raster decode_image(std::span<const std::byte> file, std::string_view origin, bool* has_more = nullptr);

// The pictures as they are stored, but decode_tiff() turns them upright itself.
[[nodiscard]] Raster decode_png(std::span<const std::byte> file, std::string_view origin);
[[nodiscard]] Raster decode_jpeg(std::span<const std::byte> file, std::string_view origin);
[[nodiscard]] Raster decode_gif(std::span<const std::byte> file, std::string_view origin, bool* has_more = nullptr);
[[nodiscard]] Raster decode_webp(std::span<const std::byte> file, std::string_view origin);
[[nodiscard]] Raster decode_bmp(std::span<const std::byte> file, std::string_view origin);
[[nodiscard]] Raster decode_tiff(std::span<const std::byte> file, std::string_view origin, bool* has_more = nullptr);

// Whether the name ends as those of pictures do (.png, .jpg, .jpeg, .jpe, .jfif, .gif, .webp, .bmp, .dib, .tif, .tiff),
// in capitals or not.
[[nodiscard]] bool has_image_ending(const std::filesystem::path& path);

// The size that a file of that many bytes may declare: throws Error unless width × height pixels are at least one, not
// above kMaxImagePixels, neither side above kMaxImageSide, and not more than `pixels_per_byte` for each byte of the
// file.
void check_declared_size(std::uint64_t width, std::uint64_t height, double pixels_per_byte, std::size_t file_size,
                         std::string_view origin);

// For formats in which a picture of one colour takes no bytes to speak of: a small picture may always be declared.
[[nodiscard]] double pixels_per_byte_above_floor(double pixels_per_byte, std::size_t file_size);

}  // namespace limn::image
