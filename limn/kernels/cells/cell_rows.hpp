// The element-wise arithmetic of the lstm, one sequence at one step ("row") per call, compiled for every SIMD target.
// Reentrant. A row of gates is [4H] in the order of enum Gate. `mask` is the dropout mask [H] of the
// candidate or null.
#pragma once

#include <cstdint>

namespace limn::kernels {

// The lstm cell of docs/papers/cells.md. `gates` holds the pre-activations a and receives σ(i), σ(f), tanh g (before
// the mask), σ(o). `c` may be `c_previous`.
struct LstmForwardRow {
  std::int64_t units = 0;
  float* gates = nullptr;
  const float* mask = nullptr;
  const float* c_previous = nullptr;
  float* c = nullptr;
  float* h = nullptr;
};
void lstm_forward_row(const LstmForwardRow& row);

// `gates` holds the result of the forward row and receives dL/da. `dc` holds dL/dc from later steps and receives
// dL/dc_previous; `dh` is the whole dL/dh.
struct LstmBackwardRow {
  std::int64_t units = 0;
  float* gates = nullptr;
  const float* mask = nullptr;
  const float* c_previous = nullptr;
  const float* c = nullptr;
  const float* dh = nullptr;
  float* dc = nullptr;
};
void lstm_backward_row(const LstmBackwardRow& row);

// to += from.
void add_row(const float* from, std::int64_t count, float* to);

}  // namespace limn::kernels
