// A model that draws images, of any family. A family implements decoding, encoding and its losses; reading, drawing and
// evaluating follow from these here. Immutable: all calls may run at once from any number of threads. Results depend on
// the arguments alone, not on what is computed beside them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "limn/core/options.hpp"
#include "limn/core/safetensors.hpp"
#include "limn/image/dataset.hpp"
#include "limn/kernels/parameters.hpp"
#include "limn/models/latent.hpp"
#include "limn/models/model.hpp"
#include "limn/models/shared_work.hpp"

namespace limn::models {

// How the data of its training were prepared: the fields of ImageDataOptions that training_config holds, and defaults
// for the others. Throws Error naming the origin for values out of range.
[[nodiscard]] image::ImageDataOptions training_data_options(const Checkpoint& checkpoint);

// Per image, in nats.
struct ImageLosses {
  std::vector<double> reconstruction;  // −log p(x | z) of one z, or its mean over several
  std::vector<double> kl;              // KL(q(z | x) ‖ p(z)); for DRAW summed over the steps
};

class ImageModel : public Model {
 public:
  [[nodiscard]] virtual image::ImageShape shape() const = 0;
  // How the data must be prepared for this model: crop, size, colour and binarisation of its training.
  [[nodiscard]] virtual image::ImageDataOptions data_options() const = 0;

  // Pixel means [n, C, H, W] in [0, 1] of latent vectors [n, latent_size()].
  [[nodiscard]] virtual std::vector<float> decode(const Latents& z) const = 0;
  // A latent vector of each image, pixels [n, C, H, W]: drawn from the posterior with the noise of (seed, index of the
  // image), or its mean.
  struct EncodeOptions {
    bool uses_mean = false;
    std::uint64_t seed = 0;
    std::span<const std::int64_t> indices = {};  // of the images, for the noise; empty: 0, 1, …
    NetworkPasses* passes = nullptr;             // for losses and weights, and the mean; null: limn's kernels
  };
  [[nodiscard]] virtual Latents encode(std::span<const float> pixels, const EncodeOptions& options) const = 0;
  // The two terms of the bound, with the mean over `samples` draws of z, or at the posterior's mean.
  [[nodiscard]] virtual ImageLosses losses(std::span<const float> pixels, const EncodeOptions& options,
                                           std::int64_t samples) const = 0;
  // log p(x, z) − log q(z | x) of draw number `sample` of each image: their log-mean-exp over samples is the
  // importance-weighted estimate of log p(x) (Burda et al. 2015, arXiv 1509.00519, eq. 8).
  [[nodiscard]] virtual std::vector<double> log_weights(std::span<const float> pixels, const EncodeOptions& options,
                                                        std::int64_t sample) const = 0;
  // Whether the posterior's mean is a function of the image alone. "Active units" are the latent dimensions whose mean
  // varies over the images by more than 0.01 (Burda et al. 2015, §5.1); DRAW's mean depends on its own draws.
  [[nodiscard]] virtual bool has_posterior_mean() const = 0;

  [[nodiscard]] Content content() const final { return Content::kImages; }
  [[nodiscard]] const ImageModel* as_image_model() const final { return this; }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> facts() const override;
  [[nodiscard]] std::string inability(Ability ability) const override;
  [[nodiscard]] Drawings read(const std::vector<std::string>& references, std::int64_t limit) const override;
  [[nodiscard]] Drawings draw(std::int64_t count, const DrawingOptions& options) const override;
  [[nodiscard]] Drawings draw_latents(const Latents& z, const DrawingOptions& options) const override;
  [[nodiscard]] Latents latents_of(const Drawings& drawings, const LatentOptions& options) const override;
  [[nodiscard]] PriorOfData fit_prior(const PriorRequest& request) const override;
  [[nodiscard]] Evaluation evaluate(const EvaluationRequest& request) const override;

 private:
  // Data sets as the model reads them.
  [[nodiscard]] image::ImageDataset data_set(std::span<const std::string> data, const std::string& damaged) const;
};

// Fitted to the posterior means of the training split (fitted_examples()), of a model with has_posterior_mean().
[[nodiscard]] FittedPrior fit_prior(const ImageModel& model, const image::ImageDataset& data);

// Means over a split, per image in nats.
struct ImageEvaluation {
  std::int64_t n = 0;
  double reconstruction = 0;
  double kl = 0;
  double total = 0;                // the bound on −log p(x): reconstruction + kl (β = 1 whatever training used)
  std::int64_t active_units = -1;  // −1 where the model cannot say
  double importance_weighted = 0;  // estimate of −log p(x); 0 samples: not computed
  std::int64_t importance_samples = 0;
};
struct ImageEvaluationOptions {
  std::int64_t batch_size = 100;
  std::int64_t samples = 1;             // draws of z for the bound
  std::int64_t importance_samples = 0;  // K
  std::uint64_t seed = 0;
  bool uses_mean = false;       // z = μ instead of draws; of models that have_posterior_mean()
  std::int64_t max_images = 0;  // the first so many of the split; 0: all
  NetworkPasses* passes = nullptr;
  WorkShare among = {};  // processes that evaluate together
};
[[nodiscard]] ImageEvaluation evaluate(const ImageModel& model, const image::ImageDataset& data, Split split,
                                       const ImageEvaluationOptions& options = {});

}  // namespace limn::models
