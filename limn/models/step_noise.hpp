// Where the random numbers of one training step come from, for every model with a latent layer.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace limn {

// `row_offset + b · row_stride` numbers the examples of the batch over all processes.
struct StepNoise {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::int64_t row_offset = 0;
  std::int64_t row_stride = 1;
};

// ε ~ N(0, I) [batch, z_size]: row b is a pure function of (seed, step, its number).
[[nodiscard]] torch::Tensor latent_noise(std::int64_t batch, std::int64_t z_size, const StepNoise& noise);

}  // namespace limn
