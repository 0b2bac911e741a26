#include "limn/render/palette.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>

namespace limn::render {
namespace {

std::uint32_t pack(const image::Raster& raster, std::size_t pixel) {
  const std::uint8_t* p = &raster.pixels[pixel * static_cast<std::size_t>(raster.channels)];
  if (raster.channels == 1) return p[0] * 0x010101U;
  return std::uint32_t{p[0]} << 16 | std::uint32_t{p[1]} << 8 | p[2];
}

int channel(std::uint32_t packed, int c) { return static_cast<int>(packed >> (16 - 8 * c) & 255); }

Colour unpack(std::uint32_t packed) {
  return {static_cast<std::uint8_t>(channel(packed, 0)), static_cast<std::uint8_t>(channel(packed, 1)),
          static_cast<std::uint8_t>(channel(packed, 2))};
}

std::size_t pixel_count(const image::Raster& raster) {
  return raster.pixels.size() / static_cast<std::size_t>(raster.channels);
}

// At 5 bits a channel, each filled up with its own upper bits so that black and white stay what they are.
std::uint32_t coarse(std::uint32_t packed) { return (packed & 0xF8F8F8U) | (packed >> 5 & 0x070707U); }

struct CountedColour {
  std::uint32_t packed = 0;
  std::int64_t count = 0;
};

// A run of the list of colours that share a palette entry, and the channel in which they differ most.
struct Box {
  std::size_t first = 0;
  std::size_t last = 0;  // one past the end
  std::array<double, 3> mean{};
  int widest_channel = 0;
  double squared_error = 0;  // in that channel
};

Box measure(std::span<const CountedColour> colours, std::size_t first, std::size_t last) {
  Box box{.first = first, .last = last};
  double total = 0;
  std::array<double, 3> sums{};
  std::array<double, 3> squares{};
  for (std::size_t i = first; i < last; ++i) {
    const auto weight = static_cast<double>(colours[i].count);
    total += weight;
    for (int c = 0; c < 3; ++c) {
      const double value = channel(colours[i].packed, c);
      sums[static_cast<std::size_t>(c)] += weight * value;
      squares[static_cast<std::size_t>(c)] += weight * value * value;
    }
  }
  for (std::size_t c = 0; c < 3; ++c) {
    box.mean[c] = sums[c] / total;
    const double error = squares[c] - sums[c] * box.mean[c];
    if (error > box.squared_error) {
      box.squared_error = error;
      box.widest_channel = static_cast<int>(c);
    }
  }
  if (last - first < 2) box.squared_error = 0;
  return box;
}

// Cuts the box with the largest error at its mean until there are `count` boxes or nothing is left to cut.
std::vector<Box> cut_boxes(std::span<CountedColour> colours, std::size_t count) {
  std::vector<Box> boxes{measure(colours, 0, colours.size())};
  while (boxes.size() < count) {
    const auto worst = std::max_element(boxes.begin(), boxes.end(),
                                        [](const Box& a, const Box& b) { return a.squared_error < b.squared_error; });
    if (worst->squared_error < 0.5) break;  // one colour a box, but for rounding
    const Box box = *worst;
    const double mean = box.mean[static_cast<std::size_t>(box.widest_channel)];
    const auto begin = colours.begin() + static_cast<std::ptrdiff_t>(box.first);
    const auto end = colours.begin() + static_cast<std::ptrdiff_t>(box.last);
    const auto middle = std::partition(
        begin, end, [&](const CountedColour& colour) { return channel(colour.packed, box.widest_channel) <= mean; });
    const auto cut = static_cast<std::size_t>(middle - colours.begin());
    if (cut == box.first || cut == box.last) break;
    *worst = measure(colours, box.first, cut);
    boxes.push_back(measure(colours, cut, box.last));
  }
  return boxes;
}

}  // namespace

void ColourHistogram::add(const image::Raster& raster) {
  const std::size_t count = pixel_count(raster);
  for (std::size_t i = 0; i < count;) {
    std::uint32_t packed = pack(raster, i);
    std::size_t run_end = i + 1;  // pictures are mostly runs of paper
    while (run_end < count && pack(raster, run_end) == packed) ++run_end;
    if (counts_.size() >= kExactColours && !counts_.contains(packed)) packed = coarse(packed);
    counts_[packed] += static_cast<std::int64_t>(run_end - i);
    i = run_end;
  }
}

std::vector<Colour> ColourHistogram::palette(int max_colours) const {
  assert(max_colours >= 2 && max_colours <= 256);
  std::vector<CountedColour> colours;
  for (const auto& [packed, count] : counts_) colours.push_back({packed, count});
  // The order of the map is the library's business; the palette must not depend on it.
  std::sort(colours.begin(), colours.end(),
            [](const CountedColour& a, const CountedColour& b) { return a.packed < b.packed; });
  std::vector<Colour> palette;
  if (std::cmp_less_equal(colours.size(), max_colours)) {
    for (const CountedColour& colour : colours) palette.push_back(unpack(colour.packed));
    if (palette.empty()) palette.push_back(kPaper);
    return palette;
  }
  const auto most = std::max_element(colours.begin(), colours.end(),
                                     [](const CountedColour& a, const CountedColour& b) { return a.count < b.count; });
  palette.push_back(unpack(most->packed));
  colours.erase(most);
  for (const Box& box : cut_boxes(colours, static_cast<std::size_t>(max_colours) - 1)) {
    const auto rounded = [&](std::size_t c) { return static_cast<std::uint8_t>(box.mean[c] + 0.5); };
    palette.push_back({rounded(0), rounded(1), rounded(2)});
  }
  return palette;
}

std::vector<std::uint8_t> PaletteIndex::indices(const image::Raster& raster) {
  std::vector<std::uint8_t> indices(pixel_count(raster));
  std::uint32_t previous = 0;
  std::uint8_t index = 0;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::uint32_t packed = pack(raster, i);
    if (i == 0 || packed != previous) {
      const auto [entry, is_new] = known_.try_emplace(packed, std::uint8_t{0});
      if (is_new) entry->second = nearest(packed);
      index = entry->second;
      previous = packed;
    }
    indices[i] = index;
  }
  return indices;
}

std::uint8_t PaletteIndex::nearest(std::uint32_t packed) const {
  int best_distance = std::numeric_limits<int>::max();
  std::size_t best = 0;
  for (std::size_t i = 0; i < palette_.size(); ++i) {
    const int red = channel(packed, 0) - palette_[i].red;
    const int green = channel(packed, 1) - palette_[i].green;
    const int blue = channel(packed, 2) - palette_[i].blue;
    const int distance = red * red + green * green + blue * blue;
    if (distance < best_distance) {
      best_distance = distance;
      best = i;
    }
  }
  return static_cast<std::uint8_t>(best);
}

}  // namespace limn::render
