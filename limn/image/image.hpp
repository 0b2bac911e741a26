// Images as values: rows of 8-bit pixels from the top left, owned by the struct. What data sets hold and what
// render writes; nothing here knows a file format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace limn::image {

// height rows of width pixels of `channels` bytes each: 1 is grey (255 white), 3 is red, green, blue.
struct Raster {
  int width = 0;
  int height = 0;
  int channels = 1;
  std::vector<std::uint8_t> pixels;  // [height, width, channels]

  // The first byte of the pixel in column x and row y, which must lie inside.
  [[nodiscard]] const std::uint8_t* at(int x, int y) const { return &pixels[offset(x, y)]; }
  [[nodiscard]] std::uint8_t* at(int x, int y) { return &pixels[offset(x, y)]; }
  friend bool operator==(const Raster&, const Raster&) = default;

 private:
  [[nodiscard]] std::size_t offset(int x, int y) const {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) *
           static_cast<std::size_t>(channels);
  }
};

// A raster of one value. Throws Error for a size below 1 or channels other than 1 and 3.
[[nodiscard]] Raster make_raster(int width, int height, int channels, std::uint8_t value = 0);

// Throws Error beginning with `origin` unless the size is at least 1×1, channels are 1 or 3 and the pixels
// are as many as those say.
void check_raster(const Raster& raster, std::string_view origin);

}  // namespace limn::image
