// Images in a folder NAME.limn of shards (core/shards.hpp, docs/sharded-data.md): for sets beyond memory.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "limn/core/shards.hpp"
#include "limn/image/dataset.hpp"

namespace limn::image {

// Any number of threads may read at once.
class ShardedImages {
 public:
  // Throws Error naming the file that is missing or damaged, or the folder if it holds something else.
  explicit ShardedImages(const std::filesystem::path& folder);

  [[nodiscard]] const ImageShape& shape() const { return shape_; }
  [[nodiscard]] std::int64_t size(Split split) const { return shards_.size(split); }
  // [C, H, W], read into `buffer`. Throws Error if the shard was made shorter since it was opened.
  [[nodiscard]] std::span<const std::uint8_t> bytes(Split split, std::int64_t index,
                                                    std::vector<std::byte>& buffer) const;
  // As ShardReader's.
  void verify() const { shards_.verify(); }
  void expect_random_access() const { shards_.expect_random_access(); }

 private:
  ShardReader shards_;
  ImageShape shape_;
};

// A line about the images that were written, for the user.
struct ShardedImageCounts {
  ImageShape shape;
  std::array<std::int64_t, kSplitNames.size()> images{};
  std::vector<std::string> skipped;  // damaged files left out, each with the reason
  std::vector<std::string> notes;    // as ImageDataset's
};

// Writes what ImageDataset::load() would hold of `paths` as such a folder; all or nothing. The pictures of one folder
// are read twice and held one at a time, images of other kinds but shards are held all at once. Labels are not kept,
// and nothing is binarised. Asks `go_on` before each image and throws Error if it says no.
ShardedImageCounts write_sharded_images(std::span<const std::string> paths, const ImageDataOptions& options,
                                        const std::filesystem::path& out, const std::function<bool()>& go_on,
                                        std::int64_t max_shard_bytes = kMaxShardBytes);

}  // namespace limn::image
