// Drawings from nothing: z from the prior for a conditional model, the start row alone for an unconditional one.
#pragma once

#include <cstdint>
#include <vector>

#include "limn/models/sketch_rnn/drawing.hpp"

namespace limn {

// `count` drawings; number i depends on (seed, first_index + i) alone.
[[nodiscard]] std::vector<Drawing> draw_new(const SketchRnnGenerator& generator, std::int64_t count,
                                            const PointChoice& choice, std::uint64_t seed,
                                            std::uint64_t first_index = 0);

}  // namespace limn
