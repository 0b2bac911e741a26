// The images of one path, read and brought to one size, before data sets are joined: the step between files and
// ImageDataset. Values; nothing is shared.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "limn/image/dataset.hpp"
#include "limn/image/folder_scan.hpp"

namespace limn::image {

inline constexpr const char* kBuiltinShapes = "builtin:shapes";

struct ImagePart {
  std::vector<std::uint8_t> pixels;  // [n, C, H, W]
  std::vector<std::string> labels;   // of each image, or empty
};

struct ImageSet {
  ImageShape shape;
  std::array<ImagePart, 3> parts;    // train, valid, test
  std::vector<std::string> skipped;  // damaged files left out, each with the reason
  std::vector<std::string> notes;    // of what else was left out or taken otherwise than expected, each a sentence

  [[nodiscard]] std::int64_t count(Split split) const {
    return std::ssize(parts[static_cast<std::size_t>(split)].pixels) / shape.size();
  }
};

// Throws Error that names the file, as ImageDataset::load() says.
[[nodiscard]] ImageSet read_image_set(const std::string& path, const ImageDataOptions& options);

// A folder of pictures whose images need not be in memory at once.
struct PictureFolder {
  ImageShape shape;                                                // of every image once prepared; RGB if one is
  std::array<std::vector<PictureFile>, kSplitNames.size()> files;  // that can be read, in order
  std::vector<std::string> skipped;                                // damaged ones left out, each with the reason
  std::vector<std::string> notes;                                  // as ImageSet's
};
[[nodiscard]] bool is_picture_folder(const std::string& path);
// Decodes all pictures once, to know what there is and that they agree.
[[nodiscard]] PictureFolder survey_pictures(const std::string& folder, const ImageDataOptions& options);
// Decodes them again, and calls `visit` with each as [C, H, W] bytes: the images of read_image_set(), in its order.
void read_pictures(const PictureFolder& pictures, const ImageDataOptions& options,
                   const std::function<void(Split, std::span<const std::uint8_t>)>& visit);

// Whether `limn data info` and its like should take `path` for images: builtin:shapes, a picture, a file of many images
// (image_arrays.hpp), a folder that holds such files, one of shards (.limn) that holds images, or a zip of images,
// which reading refuses with the advice to unpack it. A folder of more SVG files than pictures is one of sketches.
[[nodiscard]] bool is_image_data(const std::string& path);

// Makes the images of a grey set RGB of the same look.
void widen_to_rgb(ImageSet& set);

}  // namespace limn::image
