// The augmentation of training sketches (docs/data.md), as Magenta's sketch-rnn does it: a random scale of
// each axis and random point dropping. Pure functions of the sketch and the random stream.
#pragma once

#include "limn/core/random.hpp"
#include "limn/sketch/dataset.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

// `sketch` with x and y each multiplied by a uniform factor in [1 - e, 1 + e], e = random_scale_factor, and
// some points dropped. The ends of strokes keep their places, and every point left lies where a point lay
// before.
[[nodiscard]] Sketch augmented(const Sketch& sketch, const StrokeDataOptions& options, RandomStream& random);

// Drops each point that may be dropped with that probability. One may be dropped if it is not its stroke's
// last and comes at least third after the stroke's first point. Its offset goes to the last point kept, which
// thereby takes its place; all points after it stay where they were.
[[nodiscard]] Sketch with_points_dropped(const Sketch& sketch, double probability, RandomStream& random);

}  // namespace limn::sketch
