// Files that hold many images as numbers: IDX (idx.hpp), NumPy's .npy and .npz, tables of pixels as text, CIFAR's
// binary files; each plain or gzip. Told apart by what they hold, as .npy, .npz, .csv and .bin may be sketches as well.
// Files are hostile: what a header declares is checked against the bytes that are there before memory is taken. Every
// call is on its own.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limn/core/file.hpp"
#include "limn/core/split.hpp"
#include "limn/image/dataset.hpp"

namespace limn::image {

enum class ArrayFormat { kNone, kIdx, kNpy, kNpz, kTable, kCifar10, kCifar100 };

// The format of a file if it holds images; kNone of every other file, and of one that cannot be read.
[[nodiscard]] ArrayFormat array_format(const std::filesystem::path& path);

struct StoredImages {
  ImageShape shape;                  // of each
  std::vector<std::uint8_t> pixels;  // [n, C, H, W]
};
struct ImageArrays {
  std::array<StoredImages, kSplitNames.size()> parts;  // all in the training part where the file does not say
  std::vector<std::string> notes;                      // of what the user would not expect, each a sentence
};
// Throws Error beginning with `origin`.
[[nodiscard]] ImageArrays parse_image_arrays(ArrayFormat format, Bytes file, const std::string& origin);
[[nodiscard]] ImageArrays read_image_arrays(const std::filesystem::path& path, ArrayFormat format);

// The parsers, of which each gives what it finds in the file.
[[nodiscard]] ImageArrays parse_npy_images(std::span<const std::byte> file, const std::string& origin);
[[nodiscard]] ImageArrays parse_npz_images(std::span<const std::byte> file, const std::string& origin);
[[nodiscard]] ImageArrays parse_table_images(std::string_view text, const std::string& origin);
[[nodiscard]] ImageArrays parse_cifar(std::span<const std::byte> file, ArrayFormat format, const std::string& origin);

// Whether text begins as a table of pixels does: a header of numbered pixels, or as many numbers as the images of the
// usual tables have.
[[nodiscard]] bool begins_as_table(std::string_view text);
// Whether an array of numbers has the shape of images, or one that only images could have. Stroke arrays and latent
// vectors have not.
[[nodiscard]] bool begins_as_npy_images(std::span<const std::byte> file);
[[nodiscard]] bool is_npz_of_images(std::span<const std::byte> file);

// The split that a name means by one of its words ("x_train", "t10k-images", "Testing"), or nothing; and the name
// without that word.
struct SplitName {
  Split split = Split::kTrain;
  std::string rest;
};
[[nodiscard]] std::optional<SplitName> split_in_name(std::string_view name);

}  // namespace limn::image
