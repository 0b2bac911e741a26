// A trained DRAW (Gregor et al. 2015, arXiv 1502.04623): an ImageModel over DrawSequence, and its drawings step by
// step. Immutable once made: all calls may run at once. A latent vector is z_1 … z_T, one after the other, T · Z
// numbers. Images are worked on in groups, so that memory is bounded.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "limn/image/drawing_steps.hpp"
#include "limn/models/draw/options.hpp"
#include "limn/models/draw/tensors.hpp"
#include "limn/models/image_model.hpp"

namespace limn::models {

class DrawModel final : public ImageModel {
 public:
  // Throws Error naming the checkpoint's origin for options, tensors or values that do not fit.
  explicit DrawModel(Checkpoint checkpoint);

  [[nodiscard]] const Checkpoint& checkpoint() const override { return checkpoint_; }
  [[nodiscard]] image::ImageShape shape() const override { return image_shape(options_); }
  [[nodiscard]] std::int64_t latent_size() const override { return options_.time_steps * options_.z_size; }
  [[nodiscard]] image::ImageDataOptions data_options() const override { return training_data_options(checkpoint_); }
  [[nodiscard]] const DrawOptions& options() const { return options_; }

  [[nodiscard]] std::vector<float> decode(const Latents& z) const override;
  [[nodiscard]] Latents encode(std::span<const float> pixels, const EncodeOptions& options) const override;
  [[nodiscard]] ImageLosses losses(std::span<const float> pixels, const EncodeOptions& options,
                                   std::int64_t samples) const override;
  [[nodiscard]] std::vector<double> log_weights(std::span<const float> pixels, const EncodeOptions& options,
                                                std::int64_t sample) const override;
  [[nodiscard]] bool has_posterior_mean() const override { return false; }

  [[nodiscard]] std::string inability(Ability ability) const override {
    return ability == Ability::kSteps ? "" : ImageModel::inability(ability);
  }
  [[nodiscard]] image::DrawingSteps steps_from(const Latents& z) const override;
  [[nodiscard]] image::DrawingSteps steps_redrawing(const Drawings& given, const LatentOptions& options) const override;

  // L_z of each step, eq. 11: [n, T], with one draw of z.
  [[nodiscard]] std::vector<double> step_kl(std::span<const float> pixels, const EncodeOptions& options) const;
  // Every canvas on the way from z, or of reconstructing images: then with the windows that were read.
  [[nodiscard]] image::DrawingSteps decode_steps(const Latents& z) const;
  [[nodiscard]] image::DrawingSteps reconstruct_steps(std::span<const float> pixels,
                                                      const EncodeOptions& options) const;

 private:
  struct Group;  // image_group.hpp
  [[nodiscard]] std::vector<std::span<const float>> parameters() const;
  [[nodiscard]] std::int64_t image_count(std::span<const float> pixels) const;
  // Calls work() for one group of n images after the other.
  void for_each_group(std::int64_t n, const std::function<void(const Group&)>& work) const;

  Checkpoint checkpoint_;
  DrawOptions options_;
  DrawShape shape_;
};

// As DrawModel's constructor, for make_image_model().
[[nodiscard]] std::unique_ptr<ImageModel> make_draw_model(Checkpoint checkpoint);

}  // namespace limn::models
