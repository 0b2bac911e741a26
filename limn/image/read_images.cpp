#include <algorithm>

#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/image/dataset.hpp"
#include "limn/image/image_file.hpp"

namespace limn::image {
namespace {

// The split that is named, or the first that holds anything.
Split split_of(const DataReference& reference, const ImageDataset& data) {
  if (reference.split) return *reference.split;
  for (const Split split : {Split::kTrain, Split::kValid})
    if (data.size(split) > 0) return split;
  return Split::kTest;
}

void check_shape(const ImageShape& found, const ImageShape& wanted, const std::string& path) {
  if (found == wanted) return;
  const std::string advice =
      wanted.height == wanted.width ? fmt::format("; image_size={} scales images to that", wanted.height) : "";
  fail("{}: images of {}, but the model has {}{}", path, text(found), text(wanted), advice);
}

}  // namespace

NamedImages read_images(const std::string& reference_text, const ImageShape& shape, const ImageDataOptions& options,
                        std::int64_t max_count) {
  const DataReference reference = parse_data_reference(reference_text);
  ImageDataOptions fitting = options;
  fitting.color = shape.channels == 1 ? "grey" : "rgb";
  if (has_image_ending(reference.path)) fitting.compose = "none";  // one picture is the whole
  const ImageDataset data = ImageDataset::load({&reference.path, 1}, fitting);
  check_shape(data.shape(), shape, reference.path);

  const Split split = split_of(reference, data);
  const char* split_name = kSplitNames[static_cast<std::size_t>(split)];
  const std::int64_t size = data.size(split);
  require(size > 0, "{}: holds no images in {}; name another split", reference.path, split_name);
  const std::int64_t first = reference.index.value_or(0);
  require(first < size, "{}: no image #{}: {} holds {}, #0 to #{}", reference.path, first, split_name, size, size - 1);
  const std::int64_t count = reference.index ? 1 : max_count > 0 ? std::min(size, max_count) : size;

  NamedImages images{.pixels = data.batch(split, first, count).pixels, .labels = {}};
  for (std::int64_t i = first; i < first + count; ++i) images.labels.push_back(data.label(split, i));
  return images;
}

}  // namespace limn::image
