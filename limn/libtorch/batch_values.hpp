// Structs of the border (limn/train/libtorch_api.hpp) as values of this room: a model's options, a batch's rows.
#pragma once

#include <vector>

#include "limn/core/options.hpp"
#include "limn/libtorch/border.hpp"
#include "limn/libtorch/oracle/keep_masks.hpp"
#include "limn/libtorch/run.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn::libtorch {

template <class Options>
[[nodiscard]] Options options_of(const ModelSetting& model) {
  Options options;
  options_from_json(fields(options), model.options, model.family);
  return options;
}

// Undefined where there are no rows.
[[nodiscard]] inline torch::Tensor on_device(const FloatRows& rows, const torch::Device& device) {
  return rows.rows == 0 ? torch::Tensor() : oracle::to_device(view_of(rows), device);
}

// Throws Error for a batch of images.
[[nodiscard]] inline sketch::StrokeBatch strokes_of(const StepBatch& s) {
  require(s.inputs.rows > 0, "the model reads sketches, and the batch has none");
  const auto floats = [](const FloatRows& rows) {
    return std::vector<float>(rows.data, rows.data + rows.rows * rows.columns);
  };
  sketch::StrokeBatch batch;
  batch.places = vector_of(s.places);
  batch.lengths = vector_of(s.lengths);
  batch.active = vector_of(s.active);
  batch.inputs = floats(s.inputs);
  batch.targets = floats(s.targets);
  return batch;
}

// Throws Error for a batch of sketches.
[[nodiscard]] inline torch::Tensor pixels_of(const StepBatch& s, const torch::Device& device) {
  require(s.pixels.rows > 0, "the model reads images, and the batch has none");
  return on_device(s.pixels, device);
}

}  // namespace limn::libtorch
