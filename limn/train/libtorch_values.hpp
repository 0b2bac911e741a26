// Values of limn as the structs that cross the border to the module on LibTorch (libtorch_api.hpp). The structs look at
// the memory of what they are made of. Plain functions; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/models/training.hpp"
#include "limn/train/libtorch_api.hpp"
#include "limn/train/options.hpp"

namespace limn::train {

[[nodiscard]] libtorch::Integers integers(std::span<const std::int64_t> values);
// The rows of a matrix without gaps.
[[nodiscard]] libtorch::FloatRows float_rows(ConstMatrix matrix);
// A batch of the strokes; the rest is to be filled in.
[[nodiscard]] libtorch::StepBatch step_batch(const sketch::StrokeBatch& strokes);
// Names, shapes and values.
[[nodiscard]] std::vector<libtorch::NamedTensor> named_tensors(std::span<const models::TaskParameter> tensors);
[[nodiscard]] libtorch::NamedTensors list_of(const std::vector<libtorch::NamedTensor>& tensors);
[[nodiscard]] libtorch::ClipMode libtorch_clip_mode(const TrainOptions& options);

}  // namespace limn::train
