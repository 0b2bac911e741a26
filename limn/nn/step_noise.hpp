// Where the random numbers of one training step come from, for every model with a latent layer.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

namespace limn {

// Example b of what this process works on has the number numbers[b], its place in the whole batch; without numbers, b.
struct StepNoise {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::vector<std::int64_t> numbers = {};

  [[nodiscard]] std::int64_t number(std::int64_t b) const {
    return numbers.empty() ? b : numbers[static_cast<std::size_t>(b)];
  }
};

// ε ~ N(0, I) [batch, z_size]: row b is a pure function of (seed, step, its number).
[[nodiscard]] torch::Tensor latent_noise(std::int64_t batch, std::int64_t z_size, const StepNoise& noise);

}  // namespace limn
