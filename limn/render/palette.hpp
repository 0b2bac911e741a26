// The colours of a GIF: at most 256, exact where the images have no more, otherwise chosen by splitting the
// colours with the largest squared error, after Wan, Wong & Prusinkiewicz 1988 (variance cut).
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "limn/render/picture.hpp"

namespace limn::render {

// Counts colours of any number of images in bounded memory: past kExactColours distinct ones, new colours are
// counted at 5 bits a channel. Not for several threads at once.
class ColourHistogram {
 public:
  static constexpr std::size_t kExactColours = 65536;

  void add(const image::Raster& raster);
  // 1 to `max_colours` colours; `max_colours` in 2 … 256. The most frequent colour is kept exactly.
  [[nodiscard]] std::vector<Colour> palette(int max_colours) const;

 private:
  std::unordered_map<std::uint32_t, std::int64_t> counts_;
};

// Finds the nearest entry of a palette, remembering answers. Not for several threads at once.
class PaletteIndex {
 public:
  explicit PaletteIndex(std::vector<Colour> palette) : palette_(std::move(palette)) {}

  [[nodiscard]] const std::vector<Colour>& palette() const { return palette_; }
  // The index of each pixel, row by row.
  [[nodiscard]] std::vector<std::uint8_t> indices(const image::Raster& raster);

 private:
  [[nodiscard]] std::uint8_t nearest(std::uint32_t packed) const;

  std::vector<Colour> palette_;
  std::unordered_map<std::uint32_t, std::uint8_t> known_;
};

}  // namespace limn::render
