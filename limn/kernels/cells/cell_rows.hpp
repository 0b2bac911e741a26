// The element-wise arithmetic of the cells, one sequence at one step ("row") a call, compiled for every SIMD
// target. Reentrant. A row of gates is [4H] in the order of enum Gate. `mask` is the dropout mask [H] of the
// candidate or null.
#pragma once

#include <cstdint>

#include "limn/kernels/cells/recurrent.hpp"

namespace limn::kernels {

// out[i] = keep_mask(dropout, b, t, i) for i < count.
void fill_keep_mask(const RecurrentDropout& dropout, std::int64_t b, std::int64_t t, std::int64_t count,
                    float* out);

// lstm, MODELS.md §3. `gates` holds the pre-activations a and receives σ(i), σ(f), tanh g (before the mask),
// σ(o). `c` may be `c_previous`.
struct LstmForwardRow {
  std::int64_t units = 0;
  float* gates = nullptr;
  const float* mask = nullptr;
  const float* c_previous = nullptr;
  float* c = nullptr;
  float* h = nullptr;
};
void lstm_forward_row(const LstmForwardRow& row);

// `gates` holds what the forward row left and receives dL/da. `dc` holds dL/dc from later steps and receives
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
