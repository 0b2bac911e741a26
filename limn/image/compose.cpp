#include "limn/image/compose.hpp"

#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"

namespace limn::image {
namespace {

// Adds `image` to `canvas` at a place drawn from `random`, channel by channel.
void place(std::span<const std::uint8_t> image, const ImageShape& shape, std::span<std::uint8_t> canvas,
           std::int64_t side, RandomStream& random) {
  const auto free_rows = static_cast<std::uint64_t>(side - shape.height + 1);
  const auto free_columns = static_cast<std::uint64_t>(side - shape.width + 1);
  const auto top = static_cast<std::int64_t>(random.below(free_rows));
  const auto left = static_cast<std::int64_t>(random.below(free_columns));
  auto value = image.begin();
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    for (std::int64_t y = 0; y < shape.height; ++y) {
      std::uint8_t* row = &canvas[static_cast<std::size_t>((c * side + top + y) * side + left)];
      for (std::int64_t x = 0; x < shape.width; ++x, ++row, ++value)
        *row = static_cast<std::uint8_t>(std::min(255, *row + *value));
    }
  }
}

}  // namespace

void compose_pairs(ImageSet& set, const ImageDataOptions& options, std::string_view name) {
  const ImageShape shape = set.shape;
  const std::int64_t side = options.compose_size;
  require(shape.height <= side && shape.width <= side,
          "{}: images of {} do not fit on a canvas of {}×{}; use a larger compose_size", name, text(shape), side, side);
  const ImageShape canvas_shape{shape.channels, side, side};
  const auto image_size = static_cast<std::size_t>(shape.size());
  const auto canvas_size = static_cast<std::size_t>(canvas_shape.size());
  for (std::size_t split = 0; split < set.parts.size(); ++split) {
    ImagePart& images = set.parts[split];
    const std::size_t count = images.pixels.size() / image_size;
    std::vector<std::uint8_t> canvases(count * canvas_size, 0);
    for (std::size_t i = 0; i < count; ++i) {
      RandomStream random(static_cast<std::uint64_t>(options.split_seed), Purpose::kCompose, split, i);
      const auto canvas = std::span(canvases).subspan(i * canvas_size, canvas_size);
      for (const std::size_t which : {i, static_cast<std::size_t>(random.below(count))})
        place(std::span(images.pixels).subspan(which * image_size, image_size), shape, canvas, side, random);
    }
    images = {.pixels = std::move(canvases), .labels = {}};
  }
  set.shape = canvas_shape;
}

}  // namespace limn::image
