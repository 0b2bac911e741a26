#include "limn/train/libtorch_values.hpp"

namespace limn::train {

libtorch::Integers integers(std::span<const std::int64_t> values) {
  return {values.data(), static_cast<std::int64_t>(values.size())};
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
