// How a model may read the beginning of a drawing. Paper shows neither the order of a line's points nor how large the
// drawing will be: a circle may be a whole clock or the middle of a sun. A model learned from drawings whose circles
// begin at the same place and go round the same way, each in its place on the page; from another one it continues
// worse. A plain function; it takes a tenth of a second with the built-in model.
#pragma once

#include <cstdint>
#include <span>

#include "limn/models/paper.hpp"
#include "limn/models/sketch_model.hpp"

namespace limn::models {

enum class FrameSize {
  kExact,  // a finished drawing fills the frame
  kLeast,  // it fills the frame or is larger, with the frame somewhere in it
};

// prepare() of the strokes as the model finds them likeliest: the first line in one of its orders (stroke_orders.hpp),
// and, with kLeast, in a frame of one of several sizes around the given one. By log p(S_1 … S_n) per point on the
// paper, with the mean of p(S_1 … S_n | z) over draws from the prior. As they are drawn, in the given frame, where the
// model has no z.
[[nodiscard]] PreparedDrawing prepare_as_likeliest(const SketchModel& model, std::span<const sketch::Stroke> strokes,
                                                   const PaperFrame& frame, FrameSize size,
                                                   const TypicalDrawing& typical, std::int64_t max_points);

}  // namespace limn::models
