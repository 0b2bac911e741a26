// The element-wise arithmetic of the hyper cell, one sequence at one step per call, compiled for every SIMD target.
// Reentrant. Internal to the room.
#pragma once

#include <cstdint>

namespace limn::kernels {

// gates += scale_x ⊙ from_x + scale_h ⊙ from_h, all [count].
struct HyperCombineRow {
  std::int64_t count = 0;
  const float* scale_x = nullptr;
  const float* scale_h = nullptr;
  const float* from_x = nullptr;
  const float* from_h = nullptr;
  float* gates = nullptr;
};
void hyper_combine_row(const HyperCombineRow& row);

// The gradients of that, given the gates' own. In place: each factor receives its gradient.
struct HyperSplitRow {
  std::int64_t count = 0;
  const float* d_gates = nullptr;
  float* scale_x = nullptr;
  float* scale_h = nullptr;
  float* from_x = nullptr;
  const float* from_h = nullptr;  // kept, its gradient goes to d_from_h
  float* d_from_h = nullptr;
};
void hyper_split_row(const HyperSplitRow& row);

}  // namespace limn::kernels
