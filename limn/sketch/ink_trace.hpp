// The text of a trace of InkML (W3C Recommendation of 20 September 2011, section 3.2): points between commas, in each
// the values of the channels; a mark in front of a value says that it and those after it are differences.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "limn/sketch/exact_strokes.hpp"

namespace limn::sketch {

// Where X and Y stand among the values of a point.
struct InkChannels {
  std::size_t x = 0;
  std::size_t y = 1;
  std::size_t regular = 2;       // values that each point has
  std::size_t intermittent = 0;  // more that it may have
  double x_factor = 1;           // of the values, by the channel's unit and orientation
  double y_factor = 1;
  bool is_known = false;  // the file says so; else further values are left out
  friend bool operator==(const InkChannels&, const InkChannels&) = default;
};

// Throws Error that begins with `what` for a text that is not a trace of these channels.
[[nodiscard]] ExactStroke parse_ink_trace(std::string_view text, const InkChannels& channels, const std::string& what);

}  // namespace limn::sketch
