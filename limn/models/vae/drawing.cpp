#include "limn/models/vae/drawing.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/losses/gaussian_latent.hpp"
#include "limn/kernels/losses/pixel_losses.hpp"
#include "limn/models/vae/network.hpp"
#include "limn/models/vae/step.hpp"

namespace limn::models {
namespace {

// Options with their sizes, after every check of them that needs no tensor.
VaeOptions checked_options(const Checkpoint& checkpoint) {
  VaeOptions options;
  options_from_json(fields(options), checkpoint.config, checkpoint.origin);
  return options;
}

VaeLayout checked_layout(const VaeOptions& options, const Checkpoint& checkpoint) {
  try {
    return vae_layout(options);
  } catch (const Error& error) {
    fail("{}: {}", checkpoint.origin, error.what());
  }
}

Checkpoint checked_weights(const VaeOptions& options, Checkpoint checkpoint) {
  auto specs = vae_parameters(options);
  const auto buffers = vae_buffers(options);
  specs.insert(specs.end(), buffers.begin(), buffers.end());
  check_weights(checkpoint, specs);
  for (const auto& buffer : buffers) {
    if (!buffer.name.ends_with(".running_var")) continue;
    for (const float variance : checkpoint.weights.at(buffer.name))
      require(variance >= 0, "{}: tensor {} holds {}, a variance is not negative", checkpoint.origin, buffer.name,
              variance);
  }
  return checkpoint;
}

// Those of the checkpoint's tensors, in the order of `specs`.
std::vector<std::span<const float>> tensors_of(const Checkpoint& checkpoint,
                                               std::span<const kernels::ParameterSpec> specs) {
  std::vector<std::span<const float>> tensors;
  for (const auto& spec : specs) tensors.emplace_back(checkpoint.weights.at(spec.name));
  return tensors;
}

class VaeModel final : public ImageModel {
 public:
  explicit VaeModel(Checkpoint checkpoint)
      : options_(checked_options(checkpoint)),
        layout_(checked_layout(options_, checkpoint)),
        checkpoint_(checked_weights(options_, std::move(checkpoint))),
        data_options_(training_data_options(checkpoint_)),
        encoder_(layout_.encoder),
        decoder_(layout_.decoder) {
    const auto parameters = tensors_of(checkpoint_, vae_parameters(options_));
    const auto buffers = tensors_of(checkpoint_, vae_buffers(options_));
    const std::span all_parameters(parameters), all_buffers(buffers);
    encoder_.pack_for_drawing(all_parameters.first(encoder_.parameters()), all_buffers.first(encoder_.buffers()));
    decoder_.pack_for_drawing(all_parameters.subspan(encoder_.parameters()), all_buffers.subspan(encoder_.buffers()));
  }

  const Checkpoint& checkpoint() const override { return checkpoint_; }
  image::ImageShape shape() const override { return image_shape(options_); }
  std::int64_t latent_size() const override { return options_.z_size; }
  image::ImageDataOptions data_options() const override { return data_options_; }

  std::vector<float> decode(const Latents& z) const override {
    std::vector<float> pixels = logits(z);
    kernels::logistic(pixels, pixels);
    return pixels;
  }

  Latents encode(std::span<const float> pixels, const EncodeOptions& options) const override {
    const std::vector<float> latent = posterior(pixels);
    return options.uses_mean ? means(latent) : draw(latent, options, 0).z;
  }

  ImageLosses losses(std::span<const float> pixels, const EncodeOptions& options, std::int64_t samples) const override {
    require(samples >= 1, "evaluation: {} samples, expected at least 1", samples);
    const std::vector<float> latent = posterior(pixels);
    ImageLosses result;
    for (std::int64_t sample = 0; sample < samples; ++sample) {
      Draw drawn = draw(latent, options, sample);
      const std::vector<double> reconstruction = reconstruction_losses(pixels, drawn.z);
      result.reconstruction.resize(reconstruction.size());
      for (std::size_t i = 0; i < reconstruction.size(); ++i)
        result.reconstruction[i] += reconstruction[i] / static_cast<double>(samples);
      result.kl = std::move(drawn.kl);
    }
    return result;
  }

  std::vector<double> log_weights(std::span<const float> pixels, const EncodeOptions& options,
                                  std::int64_t sample) const override {
    const std::vector<float> latent = posterior(pixels);
    const Draw drawn = draw(latent, options, sample);
    std::vector<double> weights = reconstruction_losses(pixels, drawn.z);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = drawn.log_ratio[i] - weights[i];
    return weights;
  }

  std::vector<double> posterior_mean_variances(std::span<const float> pixels) const override {
    const Latents mu = means(posterior(pixels));
    const auto n = static_cast<double>(mu.count());
    std::vector<double> mean(static_cast<std::size_t>(mu.z_size)), variance(mean.size());
    for (std::int64_t i = 0; i < mu.count(); ++i)
      for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += mu.row(i)[k] / n;
    for (std::int64_t i = 0; i < mu.count(); ++i)
      for (std::size_t k = 0; k < mean.size(); ++k) variance[k] += std::pow(mu.row(i)[k] - mean[k], 2) / n;
    return variance;
  }

 private:
  struct Draw {
    Latents z;
    std::vector<double> kl;
    std::vector<double> log_ratio;  // log p(z) − log q(z | x)
  };

  // μ and log σ² of each image [n, 2Z].
  std::vector<float> posterior(std::span<const float> pixels) const {
    const std::int64_t size = shape().size(), n = static_cast<std::int64_t>(pixels.size()) / size;
    require(n * size == static_cast<std::int64_t>(pixels.size()), "{}: {} pixel values are no whole images of {}",
            checkpoint_.origin, pixels.size(), image::text(shape()));
    std::vector<float> latent(static_cast<std::size_t>(n * encoder_.output_size()));
    encoder_.apply(ConstMatrix(pixels, n, size), Matrix(std::span(latent), n, encoder_.output_size()));
    return latent;
  }

  Latents means(const std::vector<float>& latent) const {
    const std::int64_t size = options_.z_size, n = static_cast<std::int64_t>(latent.size()) / (2 * size);
    Latents mu(n, size);
    for (std::int64_t i = 0; i < n; ++i)
      std::copy_n(&latent[static_cast<std::size_t>(2 * i * size)], size, mu.row(i).data());
    return mu;
  }

  // Draw number `sample` from the posterior of each image.
  Draw draw(const std::vector<float>& latent, const EncodeOptions& options, std::int64_t sample) const {
    const std::int64_t size = options_.z_size, n = static_cast<std::int64_t>(latent.size()) / (2 * size);
    assert(options.indices.empty() || static_cast<std::int64_t>(options.indices.size()) == n);
    Draw drawn{.z = Latents(n, size), .kl = std::vector<double>(static_cast<std::size_t>(n)), .log_ratio = {}};
    drawn.log_ratio.resize(drawn.kl.size());
    std::vector<float> noise(static_cast<std::size_t>(size));
    for (std::int64_t i = 0; i < n; ++i) {
      const auto row = static_cast<std::size_t>(i);
      const auto index = options.indices.empty() ? i : options.indices[row];
      RandomStream(options.seed, Purpose::kLatentEvaluation, static_cast<std::uint64_t>(sample),
                   static_cast<std::uint64_t>(index))
          .fill_normal(noise);
      drawn.kl[row] = kernels::gaussian_latent_row({.z_size = size,
                                                    .latent = &latent[static_cast<std::size_t>(2 * i * size)],
                                                    .noise = noise.data(),
                                                    .z = drawn.z.row(i).data(),
                                                    .log_ratio = &drawn.log_ratio[row]});
    }
    return drawn;
  }

  // What the decoder says of latent vectors, [n, C, H, W], before the sigmoid.
  std::vector<float> logits(const Latents& z) const {
    require(z.z_size == options_.z_size, "{}: a latent vector has {} numbers, the model's have {}", checkpoint_.origin,
            z.z_size, options_.z_size);
    const std::int64_t n = z.count(), size = shape().size();
    std::vector<float> out(static_cast<std::size_t>(n * size));
    decoder_.apply(ConstMatrix(std::span<const float>(z.values), n, z.z_size), Matrix(std::span(out), n, size));
    return out;
  }

  // −log p(x | z) of each image.
  std::vector<double> reconstruction_losses(std::span<const float> pixels, const Latents& z) const {
    const std::vector<float> l = logits(z);
    const std::int64_t n = z.count(), size = shape().size();
    std::vector<double> sums(static_cast<std::size_t>(n));
    kernels::pixel_losses({.likelihood = pixel_likelihood(options_),
                           .logits = ConstMatrix(std::span(l), n, size),
                           .targets = ConstMatrix(pixels, n, size),
                           .sums = sums});
    return sums;
  }

  VaeOptions options_;
  VaeLayout layout_;
  Checkpoint checkpoint_;
  image::ImageDataOptions data_options_;
  VaeNetwork encoder_, decoder_;
};

}  // namespace

std::unique_ptr<ImageModel> make_vae_model(Checkpoint checkpoint) {
  return std::make_unique<VaeModel>(std::move(checkpoint));
}

}  // namespace limn::models
