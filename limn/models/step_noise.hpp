// The random numbers of one training step, for every model with a latent layer. Values and plain functions; reentrant.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace limn::models {

// Example b of this process has the number places[b], its place in the batch over all processes; without places, b.
struct StepNoise {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::span<const std::int64_t> places = {};

  [[nodiscard]] std::int64_t place(std::int64_t b) const {
    return places.empty() ? b : places[static_cast<std::size_t>(b)];
  }
};

// Of one normal number, with its logarithm, root and cosine. For parallel_for().
inline constexpr double kNormalOperations = 100;

// ε ~ N(0, I) of example b: a function of the seed, the step and the example's place.
void fill_latent_noise(const StepNoise& noise, std::int64_t b, std::span<float> epsilon);
// Those of all examples [count, size].
[[nodiscard]] std::vector<float> latent_noise(const StepNoise& noise, std::int64_t count, std::int64_t size);

}  // namespace limn::models
