// The built-in image set: white shapes on black that the program draws itself, so that everything runs with
// no download. A picture is a pure function of (split, index), the same on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "limn/core/split.hpp"

namespace limn::image {

inline constexpr std::int64_t kShapeSide = 28;                                // pixels, as MNIST's
inline constexpr std::array<std::int64_t, 3> kShapeCounts{6000, 1000, 1000};  // of each split

// "disc", "ring", …: what a picture can be. The kinds take turns, in this order.
[[nodiscard]] std::vector<std::string> shape_kinds();

// Picture `index` of the split, kShapeSide × kShapeSide grey pixels with soft edges, at a place, size,
// rotation and thickness of its own.
void draw_shape(Split split, std::int64_t index, std::span<std::uint8_t> pixels);

}  // namespace limn::image
