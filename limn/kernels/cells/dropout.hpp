// Masks of recurrent dropout (docs/papers/cells.md), a function of the seed and of what is dropped. Reentrant.
#pragma once

#include <cstdint>
#include <vector>

#include "limn/core/random.hpp"

namespace limn::kernels {

// Recurrent dropout without memory loss: the mask of (sequence b, step t, unit j) is keep_mask() of this.
// Disabled where keep == 1. A hyper cell drops candidates of its small cell too: its unit j has number H + j.
// Sequence b has the number numbers[b], so that the same sequence has the same mask wherever it stands in a batch and
// whichever process works on it; without numbers, its place b.
struct RecurrentDropout {
  float keep = 1;
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::kRecurrentDropout;
  std::uint64_t step = 0;
  std::vector<std::int64_t> numbers = {};
};
// 1/keep where the unit is kept, 0 where it is dropped. The definition that the fast paths reproduce.
[[nodiscard]] float keep_mask(const RecurrentDropout& dropout, std::int64_t b, std::int64_t t, std::int64_t unit);
// out[i] = keep_mask(dropout, b, t, i) for i < count.
void fill_keep_mask(const RecurrentDropout& dropout, std::int64_t b, std::int64_t t, std::int64_t count, float* out);

}  // namespace limn::kernels
