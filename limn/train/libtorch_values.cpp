#include "limn/train/libtorch_values.hpp"

#include <cassert>

namespace limn::train {

libtorch::Integers integers(std::span<const std::int64_t> values) {
  return {values.data(), static_cast<std::int64_t>(values.size())};
}

libtorch::FloatRows float_rows(ConstMatrix matrix) {
  assert(matrix.row_stride == matrix.columns);
  return {matrix.data, matrix.rows, matrix.columns};
}

libtorch::StepBatch step_batch(const sketch::StrokeBatch& strokes) {
  libtorch::StepBatch batch{};
  batch.inputs = {strokes.inputs.data(), strokes.rows(), sketch::kStroke5};
  batch.targets = {strokes.targets.data(), strokes.rows(), sketch::kStroke5};
  batch.active = integers(strokes.active);
  batch.lengths = integers(strokes.lengths);
  return batch;
}

std::vector<libtorch::NamedTensor> named_tensors(std::span<const models::TaskParameter> tensors) {
  std::vector<libtorch::NamedTensor> all;
  for (const auto& t : tensors)
    all.push_back({.name = t.name.c_str(), .shape = integers(t.shape), .values = t.value.data()});
  return all;
}

libtorch::NamedTensors list_of(const std::vector<libtorch::NamedTensor>& tensors) {
  return {tensors.data(), static_cast<std::int64_t>(tensors.size())};
}

libtorch::ClipMode libtorch_clip_mode(const TrainOptions& options) {
  switch (clip_mode(options)) {
    case kernels::ClipMode::kNone:
      return libtorch::kClipNone;
    case kernels::ClipMode::kValue:
      return libtorch::kClipValue;
    case kernels::ClipMode::kNorm:
      return libtorch::kClipNorm;
  }
  return libtorch::kClipNone;
}

}  // namespace limn::train
