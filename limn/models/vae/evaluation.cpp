// The losses of images under a trained VAE (Kingma & Welling 2014, eq. 10 and appendix B; Burda et al. 2015, eq. 8).
#include "limn/core/error.hpp"
#include "limn/kernels/losses/pixel_losses.hpp"
#include "limn/models/network_passes.hpp"
#include "limn/models/vae/drawing.hpp"
#include "limn/models/vae/step.hpp"

namespace limn::models {

ImageLosses VaeModel::losses(std::span<const float> pixels, const EncodeOptions& options, std::int64_t samples) const {
  require(samples >= 1, "evaluation: {} samples, expected at least 1", samples);
  const std::vector<float> latent = posterior_rows(pixels, options.passes);
  ImageLosses result;
  if (options.uses_mean) {
    result.reconstruction = reconstruction_losses(pixels, means(latent), options.passes);
    result.kl = draw_posterior(latent, options, 0).kl;  // which no draw changes
    return result;
  }
  for (std::int64_t sample = 0; sample < samples; ++sample) {
    Draw drawn = draw_posterior(latent, options, sample);
    const std::vector<double> reconstruction = reconstruction_losses(pixels, drawn.z, options.passes);
    result.reconstruction.resize(reconstruction.size());
    for (std::size_t i = 0; i < reconstruction.size(); ++i)
      result.reconstruction[i] += reconstruction[i] / static_cast<double>(samples);
    result.kl = std::move(drawn.kl);
  }
  return result;
}
std::vector<double> VaeModel::log_weights(std::span<const float> pixels, const EncodeOptions& options,
                                          std::int64_t sample) const {
  const std::vector<float> latent = posterior_rows(pixels, options.passes);
  const Draw drawn = draw_posterior(latent, options, sample);
  std::vector<double> weights = reconstruction_losses(pixels, drawn.z, options.passes);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = drawn.log_ratio[i] - weights[i];
  return weights;
}
std::vector<double> VaeModel::reconstruction_losses(std::span<const float> pixels, const Latents& z,
                                                    NetworkPasses* passes) const {
  const std::int64_t n = z.count(), size = shape().size();
  const ConstMatrix images(pixels, n, size);
  if (passes != nullptr) return passes->losses({.pixels = images}, ConstMatrix(std::span(z.values), n, z.z_size), n);
  const std::vector<float> l = logits(z);
  std::vector<double> sums(static_cast<std::size_t>(n));
  kernels::pixel_losses({.likelihood = pixel_likelihood(options_),
                         .logits = ConstMatrix(std::span(l), n, size),
                         .targets = images,
                         .sums = sums});
  return sums;
}
}  // namespace limn::models
