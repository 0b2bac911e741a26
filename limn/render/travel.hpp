// The order in which a plotter draws strokes, chosen to shorten the way with the pen up.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "limn/render/picture.hpp"

namespace limn::render {

// The ends of a stroke; it may be drawn from either.
struct StrokeEnds {
  PicturePoint first;
  PicturePoint last;
};

struct StrokeVisit {
  std::size_t stroke = 0;
  bool is_reversed = false;
  friend bool operator==(const StrokeVisit&, const StrokeVisit&) = default;
};

// The way with the pen up: from home to the first stroke, between strokes, and home again.
[[nodiscard]] double travel_length(std::span<const StrokeEnds> strokes, std::span<const StrokeVisit> visits,
                                   PicturePoint home);

// Every stroke once: nearest neighbour (n log n with a k-d tree), then 2-opt (reversing runs of strokes) until nothing
// improves or, for very many strokes, a fixed amount of work is done. Never longer than the given order. Deterministic.
[[nodiscard]] std::vector<StrokeVisit> order_strokes(std::span<const StrokeEnds> strokes, PicturePoint home);

}  // namespace limn::render
