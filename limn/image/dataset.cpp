#include "limn/image/dataset.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/image/compose.hpp"
#include "limn/image/image_set.hpp"
#include "limn/image/sharded_images.hpp"

namespace limn::image {
namespace {

void check_options(ImageDataOptions options, std::string_view name) {
  const std::vector<std::string> complaints = option_complaints(fields(options));
  require(complaints.empty(), "{}: {}", name, fmt::join(complaints, "; "));
}

// Labels only where one of the two has them: the other's images are then told by their numbers.
void join_labels(ImagePart& all, const ImagePart& more, std::int64_t all_count, std::int64_t more_count) {
  if (all.labels.empty() && more.labels.empty()) return;
  for (std::int64_t i = std::ssize(all.labels); i < all_count; ++i) all.labels.push_back(std::to_string(i));
  all.labels.insert(all.labels.end(), more.labels.begin(), more.labels.end());
  for (std::int64_t i = std::ssize(all.labels); i < all_count + more_count; ++i)
    all.labels.push_back(std::to_string(i));
}

void join(ImageSet& all, ImageSet&& more, std::string_view path) {
  require(all.shape.height == more.shape.height && all.shape.width == more.shape.width,
          "{}: images of {} where the data before it have {}; use image_size={} to scale all to one size", path,
          text(more.shape), text(all.shape), all.shape.height);
  if (all.shape.channels != more.shape.channels) {
    widen_to_rgb(all);
    widen_to_rgb(more);
  }
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    ImagePart& part = all.parts[static_cast<std::size_t>(split)];
    const ImagePart& added = more.parts[static_cast<std::size_t>(split)];
    join_labels(part, added, all.count(split), more.count(split));
    part.pixels.insert(part.pixels.end(), added.pixels.begin(), added.pixels.end());
  }
  std::ranges::move(more.skipped, std::back_inserter(all.skipped));
  std::ranges::move(more.notes, std::back_inserter(all.notes));
}

// Shards keep the images that they were made of: an option that would change them is refused.
void check_fits(const ShardedImages& images, const ImageDataOptions& options, std::string_view path) {
  const ImageShape& shape = images.shape();
  const auto is_square = [&](std::int64_t side) { return shape.height == side && shape.width == side; };
  std::string changed;
  if (options.center_crop > 0 && !is_square(options.center_crop))
    changed = fmt::format("center_crop={}", options.center_crop);
  if (options.image_size > 0 && !is_square(options.image_size))
    changed = fmt::format("image_size={}", options.image_size);
  if (options.color == (shape.channels == 1 ? "rgb" : "grey")) changed = "color=" + options.color;
  if (options.compose != "none") changed = "compose=" + options.compose;
  require(changed.empty(), "{}: holds images of {} as they are to be used; convert the originals again with --set {}",
          path, text(shape), changed);
}

void check_same_shape(const ImageShape& shape, const ImageShape& before, std::string_view path) {
  require(shape == before, "{}: images of {} where the data before it have {}; convert the originals of both to one",
          path, text(shape), text(before));
}

}  // namespace

struct ImageDataset::Piece {
  ImageSet held;                                // what is in memory, unless `shards`
  std::shared_ptr<const ShardedImages> shards;  // or nothing

  [[nodiscard]] const ImageShape& shape() const { return shards ? shards->shape() : held.shape; }
  [[nodiscard]] std::int64_t size(Split split) const { return shards ? shards->size(split) : held.count(split); }
  [[nodiscard]] const ImagePart& part(Split split) const { return held.parts[static_cast<std::size_t>(split)]; }
};

std::string text(const ImageShape& shape) { return fmt::format("{}×{}×{}", shape.channels, shape.height, shape.width); }

std::vector<OptionField> fields(ImageDataOptions& options) {
  constexpr double kMaxSide = 4096;
  return {
      {.name = "image_size",
       .target = &options.image_size,
       .help = "side to scale images to, pixels, after cutting the middle square out; 0: as the files are",
       .minimum = 0,
       .maximum = kMaxSide},
      {.name = "center_crop",
       .target = &options.center_crop,
       .help = "side of the middle square to cut out before scaling, pixels; 0: all",
       .minimum = 0,
       .maximum = kMaxSide},
      {.name = "color",
       .target = &options.color,
       .help = "auto is grey where all files are, and RGB otherwise",
       .choices = {"auto", "grey", "rgb"}},
      {.name = "valid_share",
       .target = &options.valid_share,
       .help = "share of the training images kept for validation; -1: 1/6 beside a test split, else 0.2",
       .minimum = -1,
       .maximum = 0.99},
      {.name = "split_seed",
       .target = &options.split_seed,
       .help = "of the draws that divide a set without splits and that compose canvases",
       .minimum = 0},
      {.name = "binarize",
       .target = &options.binarize,
       .help = "black and white only: threshold at 128, fixed draws by grey, or dynamic ones, new each epoch",
       .choices = {"none", "threshold", "fixed", "dynamic"}},
      {.name = "binarize_seed",
       .target = &options.binarize_seed,
       .help = "of the fixed draws, and of evaluation's when dynamic",
       .minimum = 0},
      {.name = "damaged",
       .target = &options.damaged,
       .help = "refuse a folder with damaged pictures, or skip those",
       .choices = {"refuse", "skip"}},
      {.name = "compose",
       .target = &options.compose,
       .help = "two-digits puts two images of the set at random places of a canvas",
       .choices = {"none", "two-digits"}},
      {.name = "compose_size",
       .target = &options.compose_size,
       .help = "side of that canvas, pixels",
       .minimum = 1,
       .maximum = 1024},
  };
}

ImageDataset ImageDataset::load(std::span<const std::string> paths, const ImageDataOptions& options) {
  require(!paths.empty(), "no image set given; name a file, a folder or {}", kBuiltinShapes);
  ImageDataset dataset;
  dataset.name_ = fmt::format("{}", fmt::join(paths, " + "));
  dataset.options_ = options;
  check_options(options, dataset.name_);
  std::vector<std::shared_ptr<Piece>> pieces;
  for (const std::string& path : paths) {
    if (is_sharded(path)) {
      pieces.push_back(std::make_shared<Piece>(Piece{.held = {}, .shards = std::make_shared<ShardedImages>(path)}));
      check_fits(*pieces.back()->shards, options, path);
    } else if (ImageSet more = read_image_set(path, options); !pieces.empty() && !pieces.back()->shards) {
      join(pieces.back()->held, std::move(more), path);
    } else {
      pieces.push_back(std::make_shared<Piece>(Piece{.held = std::move(more), .shards = nullptr}));
    }
    if (pieces.size() > 1) check_same_shape(pieces.back()->shape(), pieces.front()->shape(), path);
  }
  if (options.compose == "two-digits") compose_pairs(pieces.front()->held, options, dataset.name_);

  dataset.shape_ = pieces.front()->shape();
  for (const std::shared_ptr<Piece>& piece : pieces) {
    std::ranges::move(piece->held.skipped, std::back_inserter(dataset.skipped_));
    std::ranges::move(piece->held.notes, std::back_inserter(dataset.notes_));
    if (piece->shards) piece->shards->expect_random_access();
    for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
      dataset.sizes_[static_cast<std::size_t>(split)].add(piece->size(split));
    dataset.pieces_.push_back(piece);
  }
  return dataset;
}

std::string ImageDataset::label(Split split, std::int64_t index) const {
  const Consecutive::Place place = sizes(split).place(index);
  const std::vector<std::string>& labels = pieces_[place.part]->part(split).labels;
  return labels.empty() ? std::to_string(index) : labels[static_cast<std::size_t>(place.index)];
}

std::span<const std::uint8_t> ImageDataset::bytes(Split split, std::int64_t index,
                                                  std::vector<std::byte>& buffer) const {
  const Consecutive::Place place = sizes(split).place(index);
  const Piece& piece = *pieces_[place.part];
  if (piece.shards) return piece.shards->bytes(split, place.index, buffer);
  const auto image_size = static_cast<std::size_t>(shape_.size());
  return std::span(piece.part(split).pixels).subspan(static_cast<std::size_t>(place.index) * image_size, image_size);
}

Raster to_raster(std::span<const float> pixels, const ImageShape& shape) {
  require(std::ssize(pixels) == shape.size(), "to_raster: {} pixels, expected the {} of {}", pixels.size(),
          shape.size(), text(shape));
  Raster raster =
      make_raster(static_cast<int>(shape.width), static_cast<int>(shape.height), static_cast<int>(shape.channels));
  const auto channels = static_cast<std::size_t>(shape.channels), plane = pixels.size() / channels;
  for (std::size_t i = 0; i < raster.pixels.size(); ++i) {
    const float value = pixels[i % channels * plane + i / channels];
    // Written so that what is not a number becomes black.
    raster.pixels[i] = static_cast<std::uint8_t>(value > 0 ? std::lround(255 * std::min(value, 1.0F)) : 0);
  }
  return raster;
}

}  // namespace limn::image
