// Drawings as they come into being, step by step: what a model that draws glimpse by glimpse (DRAW) gives and what
// render shows. Values that own their memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/image/dataset.hpp"

namespace limn::image {

// Where an attention window lies: the square through the outer filters' centres, in pixels from the image's top left
// corner.
struct WindowBox {
  float center_x = 0;
  float center_y = 0;
  float side = 0;   // (N - 1) · δ
  float sigma = 0;  // of the filters: the blur of what is read or written
};

struct DrawingSteps {
  ImageShape shape;
  std::int64_t count = 0;         // n drawings
  std::int64_t steps = 0;         // T
  std::vector<float> canvases;    // after each step, [n, T, C, H, W] in [0, 1]
  std::vector<WindowBox> reads;   // [n, T]; empty without attention, and where nothing is read
  std::vector<WindowBox> writes;  // [n, T]; empty without attention

  [[nodiscard]] std::size_t place(std::int64_t drawing, std::int64_t t) const {
    return static_cast<std::size_t>(drawing * steps + t);
  }
  [[nodiscard]] std::span<const float> canvas(std::int64_t drawing, std::int64_t t) const {
    const auto size = static_cast<std::size_t>(shape.size());
    return std::span(canvases).subspan(place(drawing, t) * size, size);
  }
};

}  // namespace limn::image
