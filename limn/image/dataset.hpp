// Image data sets and their batches: folders of pictures, files of many images, and shapes that limn draws
// itself. Pixels stay 8-bit until a batch needs them. Immutable after load, so any number of threads may read it;
// batch order and binarisation are pure functions of seeds, steps and indices, so a resumed run needs no position.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "limn/core/consecutive.hpp"
#include "limn/core/epoch_plan.hpp"
#include "limn/core/options.hpp"
#include "limn/core/split.hpp"
#include "limn/image/image.hpp"

namespace limn::image {

struct ImageShape {
  std::int64_t channels = 1;  // 1 grey, 3 red, green, blue
  std::int64_t height = 0;
  std::int64_t width = 0;

  [[nodiscard]] std::int64_t size() const { return channels * height * width; }
  friend bool operator==(const ImageShape&, const ImageShape&) = default;
};
// "3×40×40", for messages.
[[nodiscard]] std::string text(const ImageShape& shape);

struct ImageDataOptions {
  std::int64_t image_size = 0;    // resize to this side, pixels, an image that is not square by its middle square;
                                  // 0: as the files are
  std::int64_t center_crop = 0;   // cut the middle square of this side out, before resizing; 0: all
  std::string color = "auto";     // auto (as the files are), grey or rgb
  double valid_share = -1;        // of the training images kept for validation; below 0: 1/6 of a set with a test
                                  // split of its own, as MNIST, and 0.2 of one without
  std::int64_t split_seed = 1;    // of the draws that divide a set without splits and that compose
  std::string binarize = "none";  // none, threshold (grey >= 128), fixed (each pixel drawn once as
                                  // Bernoulli(grey / 255)) or dynamic (drawn anew each epoch in training; evaluation
                                  // is as fixed)
  std::int64_t binarize_seed = 1;
  std::string damaged = "refuse";  // refuse (an error that names the file) or skip
  std::string compose = "none";    // none or two-digits: two images of the set at random places of a canvas
  std::int64_t compose_size = 60;  // side of that canvas, pixels
};
[[nodiscard]] std::vector<OptionField> fields(ImageDataOptions& options);

// A batch of images with values in [0, 1].
struct ImageBatch {
  std::vector<std::int64_t> indices;  // into the split, for error reports
  std::vector<float> pixels;          // [B, C, H, W]

  [[nodiscard]] std::int64_t batch_size() const { return static_cast<std::int64_t>(indices.size()); }
};

class ImageDataset {
 public:
  // PATHs, each what docs/formats.md lists under Images: a picture, a folder of pictures, a file or a folder of many
  // images (IDX, NumPy, tables, CIFAR), a folder of shards (.limn), which stay on disk, or "builtin:shapes"; several
  // are joined split by split. Throws Error that names the file: no image data set, damaged, or of another size than
  // the rest (and what option makes them agree).
  [[nodiscard]] static ImageDataset load(std::span<const std::string> paths, const ImageDataOptions& options);

  [[nodiscard]] const ImageShape& shape() const { return shape_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::int64_t size(Split split) const { return sizes(split).total(); }
  // Damaged files that were skipped, each with the reason.
  [[nodiscard]] std::span<const std::string> skipped() const { return skipped_; }
  // Sentences for the user: other files that were left out, and what was taken otherwise than expected.
  [[nodiscard]] std::span<const std::string> notes() const { return notes_; }
  // File name of an image of a folder, or the index as text.
  [[nodiscard]] std::string label(Split split, std::int64_t index) const;
  // Of the shape, the sizes of the splits and images from all over the training split.
  [[nodiscard]] std::string fingerprint() const;
  // As stored: [C, H, W] bytes, in memory or read into `buffer` from disk.
  [[nodiscard]] std::span<const std::uint8_t> bytes(Split split, std::int64_t index,
                                                    std::vector<std::byte>& buffer) const;

  // Throws Error if the training split does not fill a batch of that size.
  void require_batch(std::int64_t batch_size) const { limn::require_batch(size(Split::kTrain), batch_size, name_); }
  [[nodiscard]] std::int64_t batches_per_epoch(std::int64_t batch_size) const;
  // shuffled_plan() of the epoch that training batch `step` lies in.
  [[nodiscard]] EpochPlan plan_for_step(std::uint64_t seed, std::int64_t step, std::int64_t batch_size) const;
  // One process's share of training batch `step`. With binarize = dynamic pixels are drawn from (seed, epoch, index).
  [[nodiscard]] ImageBatch training_batch(const EpochPlan& plan, std::int64_t step, const BatchShare& share = {}) const;
  // Images of a split by their indices, binarised as evaluation wants it.
  [[nodiscard]] ImageBatch batch(Split split, std::span<const std::int64_t> indices) const;
  // [first, first + count) of a split.
  [[nodiscard]] ImageBatch batch(Split split, std::int64_t first, std::int64_t count) const;

 private:
  // Images in memory, or on disk. Splits are those of the pieces one after the other.
  struct Piece;
  [[nodiscard]] const Consecutive& sizes(Split split) const { return sizes_[static_cast<std::size_t>(split)]; }

  ImageShape shape_;
  std::string name_;
  ImageDataOptions options_;
  std::vector<std::shared_ptr<const Piece>> pieces_;
  std::array<Consecutive, kSplitNames.size()> sizes_;
  std::vector<std::string> skipped_;
  std::vector<std::string> notes_;
};

// "PATH", "PATH#17" (the 17th image of the first split that is not empty, from 0), "PATH:test#17", or one picture:
// what --in, --from, --to and --base take. The images come in the shape asked for, resized and cropped as
// `options` says; Error if they do not fit it.
struct NamedImages {
  std::vector<float> pixels;        // [n, C, H, W] in [0, 1]
  std::vector<std::string> labels;  // n
  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(labels.size()); }
};
[[nodiscard]] NamedImages read_images(const std::string& reference, const ImageShape& shape,
                                      const ImageDataOptions& options, std::int64_t max_count);

// Values in [0, 1], clamped and rounded to bytes. `pixels` is [C, H, W].
[[nodiscard]] Raster to_raster(std::span<const float> pixels, const ImageShape& shape);

}  // namespace limn::image
