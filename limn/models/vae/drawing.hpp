// A trained VAE (Kingma & Welling 2014, arXiv 1312.6114) that encodes, decodes and is evaluated: an ImageModel over
// network.hpp. Immutable once made. Its working memory is bounded whatever the number of images.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "limn/models/image_model.hpp"
#include "limn/models/vae/network.hpp"
#include "limn/models/vae/options.hpp"
#include "limn/models/vae/tensors.hpp"

namespace limn::models {

class VaeModel final : public ImageModel {
 public:
  // Throws Error naming the checkpoint's origin for options, tensors or values that do not fit.
  explicit VaeModel(Checkpoint checkpoint);

  [[nodiscard]] const Checkpoint& checkpoint() const override { return checkpoint_; }
  [[nodiscard]] image::ImageShape shape() const override { return image_shape(options_); }
  [[nodiscard]] std::int64_t latent_size() const override { return options_.z_size; }
  [[nodiscard]] image::ImageDataOptions data_options() const override { return data_options_; }

  [[nodiscard]] std::vector<float> decode(const Latents& z) const override;
  [[nodiscard]] Latents encode(std::span<const float> pixels, const EncodeOptions& options) const override;
  // μ and log σ² of each image [n, Z].
  [[nodiscard]] LatentPosterior posterior(std::span<const float> pixels) const;
  // In evaluation.cpp.
  [[nodiscard]] ImageLosses losses(std::span<const float> pixels, const EncodeOptions& options,
                                   std::int64_t samples) const override;
  [[nodiscard]] std::vector<double> log_weights(std::span<const float> pixels, const EncodeOptions& options,
                                                std::int64_t sample) const override;
  [[nodiscard]] bool has_posterior_mean() const override { return true; }
  // −log p(x | z) of each image.
  [[nodiscard]] std::vector<double> reconstruction_losses(std::span<const float> pixels, const Latents& z,
                                                          NetworkPasses* passes = nullptr) const;

 private:
  struct Draw {
    Latents z;
    std::vector<double> kl;
    std::vector<double> log_ratio;  // log p(z) − log q(z | x)
  };

  // μ, then log σ² of each image [n, 2Z].
  [[nodiscard]] std::vector<float> posterior_rows(std::span<const float> pixels, NetworkPasses* passes = nullptr) const;
  [[nodiscard]] Latents means(const std::vector<float>& latent) const;
  // Draw number `sample` from the posterior of each image.
  [[nodiscard]] Draw draw_posterior(const std::vector<float>& latent, const EncodeOptions& options,
                                    std::int64_t sample) const;
  // The decoder's outputs for latent vectors, [n, C, H, W], before the sigmoid.
  [[nodiscard]] std::vector<float> logits(const Latents& z) const;

  VaeOptions options_;
  VaeLayout layout_;
  Checkpoint checkpoint_;
  image::ImageDataOptions data_options_;
  VaeNetwork encoder_, decoder_;
};

// For make_model of the family, and for its training.
[[nodiscard]] std::unique_ptr<ImageModel> make_vae_model(Checkpoint checkpoint);

}  // namespace limn::models
