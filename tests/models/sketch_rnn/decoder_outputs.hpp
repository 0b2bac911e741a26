// The decoder's output rows along a sketch whose points are given.
#pragma once

#include <span>
#include <vector>

#include "limn/models/sketch_rnn/drawing.hpp"

namespace limn::testing {

// y_1 … y_{N+1} after S_0 … S_N of N points. z [Z] is empty for an unconditional model.
inline std::vector<std::vector<float>> decoder_outputs(const models::SketchRnnModel& model,
                                                       const sketch::Sketch& sketch, std::span<const float> z) {
  const models::SketchRnnDecoder& decoder = model.decoder();
  models::DecoderRows row = decoder.start(ConstMatrix(z.data(), 1, static_cast<std::int64_t>(z.size())), 1);
  kernels::GemmScratch scratch;
  std::vector<std::vector<float>> outputs;
  for (std::size_t i = 0; i <= sketch.points.size(); ++i) {
    const auto x = i == 0 ? models::kStartRow : models::stroke5_row(sketch.points[i - 1]);
    decoder.step(ConstMatrix(x.data(), 1, sketch::kStroke5), row);
    std::vector<float> y(static_cast<std::size_t>(decoder.output_size()));
    decoder.output(row, Matrix(y.data(), 1, decoder.output_size()), scratch);
    outputs.push_back(std::move(y));
  }
  return outputs;
}

}  // namespace limn::testing
