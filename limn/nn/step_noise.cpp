#include "limn/nn/step_noise.hpp"

#include "limn/core/random.hpp"
#include "limn/nn/views.hpp"

namespace limn {

torch::Tensor latent_noise(std::int64_t batch, std::int64_t z_size, const StepNoise& noise) {
  torch::Tensor epsilon = torch::empty({batch, z_size});
  for (std::int64_t b = 0; b < batch; ++b) {
    RandomStream random(noise.seed, Purpose::kLatentTraining, noise.step,
                        static_cast<std::uint64_t>(noise.number(b)));
    random.fill_normal(nn::span(epsilon).subspan(static_cast<std::size_t>(b * z_size), static_cast<std::size_t>(z_size)));
  }
  return epsilon;
}

}  // namespace limn
