// What a folder of images holds, and its folders below: pictures by the split and the class that their folders name,
// or files of many images, and what is left out. Reads the first bytes of files whose names do not tell. Links to
// folders are not followed. Values.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "limn/core/split.hpp"
#include "limn/image/image_arrays.hpp"

namespace limn::image {

struct PictureFile {
  std::filesystem::path path;
  std::string label;  // its path below the folder of its split: "a.png", "cat/a.png"
};

// Files of many images that belong together, as MNIST's two do.
struct ArraySet {
  struct File {
    std::filesystem::path path;
    ArrayFormat format = ArrayFormat::kNone;
  };
  std::string name;  // a path to tell it from other sets of the folder: "data/MNIST/raw", "gzip/emnist-letters"
  std::array<std::vector<File>, kSplitNames.size()> files;
};

struct FolderScan {
  std::array<std::vector<PictureFile>, kSplitNames.size()> pictures;  // in order of their paths
  bool has_splits = false;         // the folders of the pictures name them; else all pictures are in the training part
  std::vector<ArraySet> arrays;    // only where they are the folder's images, and there are no pictures
  std::vector<std::string> notes;  // what was left out, each a sentence
  bool is_of_drawings = false;     // more SVG files than pictures

  [[nodiscard]] bool has_pictures() const;
  [[nodiscard]] bool has_images() const { return has_pictures() || !arrays.empty(); }
};

// Throws Error naming a folder that cannot be read, and a run directory, whose pictures are not data.
[[nodiscard]] FolderScan scan_folder(const std::filesystem::path& folder);

// The set that `path` names where no such file is: a folder and the beginning of names in it, "gzip/emnist-letters".
[[nodiscard]] std::optional<ArraySet> array_set_named(const std::filesystem::path& path);

}  // namespace limn::image
