#include "limn/image/dataset.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/image/compose.hpp"
#include "limn/image/image_set.hpp"

namespace limn {
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
          "{}: images of {} where the data before it have {}; use image_size={} to scale all to one size",
          path, text(more.shape), text(all.shape), all.shape.height);
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
}

}  // namespace

std::string text(const ImageShape& shape) {
  return fmt::format("{}×{}×{}", shape.channels, shape.height, shape.width);
}

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
  ImageSet all = read_image_set(paths.front(), options);
  for (const std::string& path : paths.subspan(1)) join(all, read_image_set(path, options), path);
  if (options.compose == "two-digits") compose_pairs(all, options, dataset.name_);

  dataset.shape_ = all.shape;
  dataset.skipped_ = std::move(all.skipped);
  for (std::size_t i = 0; i < all.parts.size(); ++i)
    dataset.parts_[i] = {std::move(all.parts[i].pixels), std::move(all.parts[i].labels)};
  return dataset;
}

std::int64_t ImageDataset::size(Split split) const {
  return std::ssize(parts_[static_cast<std::size_t>(split)].pixels) / shape_.size();
}

std::string ImageDataset::label(Split split, std::int64_t index) const {
  assert(index >= 0 && index < size(split));
  const std::vector<std::string>& labels = parts_[static_cast<std::size_t>(split)].labels;
  return labels.empty() ? std::to_string(index) : labels[static_cast<std::size_t>(index)];
}

std::span<const std::uint8_t> ImageDataset::bytes(Split split, std::int64_t index) const {
  assert(index >= 0 && index < size(split));
  const auto image_size = static_cast<std::size_t>(shape_.size());
  return std::span(parts_[static_cast<std::size_t>(split)].pixels)
      .subspan(static_cast<std::size_t>(index) * image_size, image_size);
}

Raster to_raster(std::span<const float> pixels, const ImageShape& shape) {
  require(std::ssize(pixels) == shape.size(), "to_raster: {} pixels, expected the {} of {}", pixels.size(),
          shape.size(), text(shape));
  Raster raster = make_raster(static_cast<int>(shape.width), static_cast<int>(shape.height),
                              static_cast<int>(shape.channels));
  const auto channels = static_cast<std::size_t>(shape.channels), plane = pixels.size() / channels;
  for (std::size_t i = 0; i < raster.pixels.size(); ++i) {
    const float value = pixels[i % channels * plane + i / channels];
    // Written so that what is not a number becomes black.
    raster.pixels[i] = static_cast<std::uint8_t>(value > 0 ? std::lround(255 * std::min(value, 1.0F)) : 0);
  }
  return raster;
}

}  // namespace limn
