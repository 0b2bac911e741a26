#include "limn/image/resize.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <span>

namespace limn::image {
namespace {

// The parts of one pixel of the result: the pixels from `first` on, with weights that add up to 1.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

Taps area_taps(int place, double ratio, int size) {
  const double begin = place * ratio, end = begin + ratio;
  Taps taps{.first = static_cast<int>(begin), .weights = {}};
  for (int i = taps.first; i < size && i < end; ++i) {
    const double covered = std::min(end, i + 1.0) - std::max(begin, static_cast<double>(i));
    taps.weights.push_back(static_cast<float>(covered / ratio));
  }
  return taps;
}

Taps linear_taps(int place, double ratio, int size) {
  const double centre = std::clamp((place + 0.5) * ratio - 0.5, 0.0, size - 1.0);
  const int first = std::min(static_cast<int>(centre), size - 1);
  const auto share = static_cast<float>(centre - first);
  if (first + 1 == size) return {first, {1.0F}};
  return {first, {1 - share, share}};
}

std::vector<Taps> axis_taps(int from, int to) {
  const double ratio = static_cast<double>(from) / to;
  std::vector<Taps> taps;
  taps.reserve(static_cast<std::size_t>(to));
  for (int i = 0; i < to; ++i)
    taps.push_back(from == to ? Taps{i, {1.0F}} : from > to ? area_taps(i, ratio, from) : linear_taps(i, ratio, from));
  return taps;
}

// Rows of `to` pixels from a row of bytes.
void scale_row(const std::uint8_t* row, int channels, std::span<const Taps> taps, float* out) {
  for (const Taps& tap : taps) {
    for (int c = 0; c < channels; ++c) {
      float sum = 0;
      const std::uint8_t* value = row + tap.first * channels + c;
      for (const float weight : tap.weights) {
        sum += weight * static_cast<float>(*value);
        value += channels;
      }
      *out++ = sum;
    }
  }
}

}  // namespace

Raster center_cropped(const Raster& image, int width, int height) {
  assert(width <= image.width && height <= image.height);
  Raster result = make_raster(width, height, image.channels);
  const int left = (image.width - width) / 2, top = (image.height - height) / 2;
  const auto row_bytes = static_cast<std::size_t>(width) * static_cast<std::size_t>(image.channels);
  for (int y = 0; y < height; ++y) std::memcpy(result.at(0, y), image.at(left, top + y), row_bytes);
  return result;
}

Raster resized(const Raster& image, int width, int height) {
  if (image.width == width && image.height == height) return image;
  const std::vector<Taps> across = axis_taps(image.width, width), down = axis_taps(image.height, height);
  const auto row_values = static_cast<std::size_t>(width) * static_cast<std::size_t>(image.channels);
  std::vector<float> rows(row_values * static_cast<std::size_t>(image.height));
  for (int y = 0; y < image.height; ++y)
    scale_row(image.at(0, y), image.channels, across, &rows[static_cast<std::size_t>(y) * row_values]);

  Raster result = make_raster(width, height, image.channels);
  std::vector<float> sums(row_values);
  for (int y = 0; y < height; ++y) {
    const Taps& taps = down[static_cast<std::size_t>(y)];
    std::ranges::fill(sums, 0.0F);
    const float* row = &rows[static_cast<std::size_t>(taps.first) * row_values];
    for (const float weight : taps.weights) {
      for (std::size_t i = 0; i < row_values; ++i) sums[i] += weight * row[i];
      row += row_values;
    }
    std::ranges::transform(sums, result.at(0, y), [](float value) {
      return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
    });
  }
  return result;
}

Raster in_channels(const Raster& image, int channels) {
  assert(channels == 1 || channels == 3);
  if (image.channels == channels) return image;
  Raster result = make_raster(image.width, image.height, channels);
  const std::uint8_t* from = image.pixels.data();
  if (channels == 3) {
    for (std::size_t i = 0; i < result.pixels.size(); ++i) result.pixels[i] = from[i / 3];
    return result;
  }
  for (std::uint8_t& grey : result.pixels) {
    grey = static_cast<std::uint8_t>((299 * from[0] + 587 * from[1] + 114 * from[2] + 500) / 1000);
    from += 3;
  }
  return result;
}

}  // namespace limn::image
