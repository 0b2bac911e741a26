// The masks of recurrent dropout (kernels/cells/dropout.hpp) as tensors on any device, bit for bit those of
// kernels::keep_mask(): Philox on integer tensors. Reentrant.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "limn/kernels/cells/dropout.hpp"
#include "limn/libtorch/torch.hpp"

namespace limn::libtorch::oracle {

// The rows (t, b) of a packed batch (recurrent.hpp), in order. Each tensor is int64 [R].
struct PackedRows {
  torch::Tensor step;      // t
  torch::Tensor sequence;  // b
  torch::Tensor number;    // of the sequence's random numbers: its place, or b where there are no places

  [[nodiscard]] PackedRows narrow(std::int64_t first, std::int64_t count) const;
};
// Rows of `active` sequences at each step. `places` is empty or [B].
[[nodiscard]] PackedRows packed_rows(const std::vector<std::int64_t>& active, const std::vector<std::int64_t>& places,
                                     const torch::Device& device);

// Host memory for a copy to `device` that runs while the host continues: pinned for CUDA.
[[nodiscard]] torch::Tensor to_device(const torch::Tensor& host, const torch::Device& device);

// philox4x32() of random.hpp: counters are int64 tensors that hold 32 bits and broadcast against each other.
[[nodiscard]] std::array<torch::Tensor, 4> philox(std::array<torch::Tensor, 4> counter,
                                                  std::array<std::uint32_t, 2> key);

// The masks of `units` units in these rows [R, units], float32: 1 / keep or 0. dropout.numbers do not count, the rows'
// do. Undefined where keep is 1.
[[nodiscard]] torch::Tensor keep_masks(const kernels::RecurrentDropout& dropout, const PackedRows& rows,
                                       std::int64_t units);

}  // namespace limn::libtorch::oracle
