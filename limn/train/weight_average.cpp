#include "limn/train/weight_average.hpp"

#include <algorithm>
#include <cstddef>

#include "limn/kernels/threads/parallel.hpp"

namespace limn::train {
namespace {

constexpr std::size_t kPiece = 16384;  // elements that a thread takes at once
constexpr double kOperations = 10;     // an element's time in that of arithmetic operations: it is spent on memory

}  // namespace

void WeightAverage::start() {
  values_.clear();
  for (const auto tensors : {task_.parameters(), task_.buffers()})
    for (const auto& tensor : tensors) values_.emplace_back(tensor.value.begin(), tensor.value.end());
}

void WeightAverage::add(std::int64_t t) {
  // The first share is 1: a run that continues from step 0 has the first weights already, and must not round them.
  if (values_.empty() || t == 1) return start();
  const auto share = static_cast<float>((eta_ + 1) / (static_cast<double>(t) + eta_));
  struct Piece {
    float* to;
    std::span<const float> from;
  };
  std::vector<Piece> pieces;
  double count = 0;
  auto average = values_.begin();
  for (const auto tensors : {task_.parameters(), task_.buffers()})
    for (const auto& tensor : tensors) {
      const std::span<const float> from = tensor.value;
      for (std::size_t first = 0; first < from.size(); first += kPiece)
        pieces.push_back({average->data() + first, from.subspan(first, std::min(kPiece, from.size() - first))});
      count += static_cast<double>(from.size());
      ++average;
    }
  const auto move = [&](std::int64_t i) {
    const auto [to, from] = pieces[static_cast<std::size_t>(i)];
    for (std::size_t k = 0; k < from.size(); ++k) to[k] += share * (from[k] - to[k]);
  };
  kernels::parallel_for(std::ssize(pieces), move, kOperations * count);
}

void WeightAverage::swap() {
  auto average = values_.begin();
  if (average == values_.end()) return;
  for (const auto tensors : {task_.parameters(), task_.buffers()})
    for (const auto& tensor : tensors) std::ranges::swap_ranges(*average++, tensor.value);
}

}  // namespace limn::train
