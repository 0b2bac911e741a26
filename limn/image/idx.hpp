// IDX files, the format of MNIST: zeros, a type byte, the number of dimensions, big-endian sizes, the
// numbers. Plain or gzip, told apart by their first bytes. Files are hostile: what a header declares is
// checked against the bytes that are there before memory is taken, and what a gzip file unpacks to is
// counted. Every call is on its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace limn::image {

// Unsigned bytes in up to four dimensions, the last one fastest: [n, H, W] of images, [n] of labels.
struct IdxArray {
  std::vector<std::int64_t> sizes;  // each at least 1
  std::vector<std::uint8_t> values;
};

// Throws Error beginning with `origin`: no IDX file, numbers other than unsigned bytes, an empty array, sizes
// that the bytes do not bear out, a damaged gzip stream.
[[nodiscard]] IdxArray parse_idx(std::span<const std::byte> file, std::string_view origin);
[[nodiscard]] IdxArray read_idx(const std::filesystem::path& path);

// Whether a file begins as an IDX file does. Does not look into packed files.
[[nodiscard]] bool begins_as_idx(std::span<const std::byte> file);

}  // namespace limn::image
