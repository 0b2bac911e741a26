// The order of a line's points, which nobody sees on paper. A model learned from drawings whose circles begin at the
// same place and go round the same way; from another one it continues worse. Plain functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/models/paper.hpp"
#include "limn/models/sketch_model.hpp"

namespace limn::models {

// The same line drawn otherwise, itself first: from its other end, and, where it is closed, from its top, left, bottom
// and right, both ways round.
[[nodiscard]] std::vector<sketch::Stroke> stroke_orders(const sketch::Stroke& stroke);

// prepare() of the strokes, the first one in the order in which the model finds it likeliest: by log p(S_1 … S_n) a
// point, with the mean of p(S_1 … S_n | z) over draws from the prior. As they are drawn where the model has no z.
[[nodiscard]] PreparedDrawing prepare_in_likeliest_order(const SketchModel& model,
                                                         std::span<const sketch::Stroke> strokes,
                                                         const PaperFrame& frame, const TypicalDrawing& typical,
                                                         std::int64_t max_points);

}  // namespace limn::models
