// The order of a line's points, which nobody sees on paper. A plain function.
#pragma once

#include <vector>

#include "limn/sketch/sketch.hpp"

namespace limn::models {

// The same line drawn otherwise, itself first: from its other end, and, where it is closed, from its top, left, bottom
// and right, both ways round.
[[nodiscard]] std::vector<sketch::Stroke> stroke_orders(const sketch::Stroke& stroke);

}  // namespace limn::models
