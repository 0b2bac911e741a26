#include "limn/models/step_noise.hpp"

#include "limn/core/random.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::models {

void fill_latent_noise(const StepNoise& noise, std::int64_t b, std::span<float> epsilon) {
  RandomStream random(noise.seed, Purpose::kLatentTraining, noise.step, static_cast<std::uint64_t>(noise.place(b)));
  random.fill_normal(epsilon);
}

std::vector<float> latent_noise(const StepNoise& noise, std::int64_t count, std::int64_t size) {
  std::vector<float> all(static_cast<std::size_t>(count * size));
  kernels::parallel_for(
      count,
      [&](std::int64_t b) {
        fill_latent_noise(noise, b,
                          std::span(all).subspan(static_cast<std::size_t>(b * size), static_cast<std::size_t>(size)));
      },
      kNormalOperations * static_cast<double>(count * size));
  return all;
}

}  // namespace limn::models
