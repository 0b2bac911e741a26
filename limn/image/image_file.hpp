// Reading PNG and JPEG files to 8-bit grey or RGB, told apart by their first bytes. Whatever a PNG's colour
// type, its alpha is laid over white and 16 bits are rounded to 8; gamma, colour profiles and EXIF rotation
// are passed over, as data sets want their numbers as stored. Files are hostile: memory is taken only for
// sizes that the file can bear out, and anything damaged is an Error, never a picture half read. Every call
// is on its own.
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

// A raster of one channel if the file is grey (by its colour type, or by a palette of greys), else of three.
// Throws Error beginning with `origin`.
[[nodiscard]] Raster decode_image(std::span<const std::byte> file, std::string_view origin);
[[nodiscard]] Raster decode_png(std::span<const std::byte> file, std::string_view origin);
[[nodiscard]] Raster decode_jpeg(std::span<const std::byte> file, std::string_view origin);

// Whether the name ends in .png, .jpg or .jpeg, in capitals or not.
[[nodiscard]] bool has_image_ending(const std::filesystem::path& path);

// The size that a file of that many bytes may declare: throws Error unless width × height pixels are at least one, not
// above kMaxImagePixels, neither side above kMaxImageSide, and not more than `pixels_per_byte` for each byte of the
// file.
void check_declared_size(std::uint64_t width, std::uint64_t height, double pixels_per_byte, std::size_t file_size,
                         std::string_view origin);

}  // namespace limn::image
