#include "limn/models/step_noise.hpp"

#include "limn/core/random.hpp"

namespace limn::models {

void fill_latent_noise(const StepNoise& noise, std::int64_t b, std::span<float> epsilon) {
  RandomStream random(noise.seed, Purpose::kLatentTraining, noise.step, static_cast<std::uint64_t>(noise.place(b)));
  random.fill_normal(epsilon);
}

}  // namespace limn::models
