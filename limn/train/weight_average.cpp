#include "limn/train/weight_average.hpp"

#include <algorithm>

namespace limn::train {

void WeightAverage::start() {
  values_.clear();
  for (const auto tensors : {task_.parameters(), task_.buffers()})
    for (const auto& tensor : tensors) values_.emplace_back(tensor.value.begin(), tensor.value.end());
}

void WeightAverage::add(std::int64_t t) {
  if (values_.empty()) return start();
  const auto share = static_cast<float>((eta_ + 1) / (static_cast<double>(t) + eta_));
  auto average = values_.begin();
  for (const auto tensors : {task_.parameters(), task_.buffers()})
    for (const auto& tensor : tensors) {
      float* to = average->data();
      const float* from = tensor.value.data();
      for (std::size_t i = 0; i < average->size(); ++i) to[i] += share * (from[i] - to[i]);
      ++average;
    }
}

void WeightAverage::swap() {
  auto average = values_.begin();
  if (average == values_.end()) return;
  for (const auto tensors : {task_.parameters(), task_.buffers()})
    for (const auto& tensor : tensors) std::ranges::swap_ranges(*average++, tensor.value);
}

}  // namespace limn::train
