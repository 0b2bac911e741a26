// Models that draw images, for inference without LibTorch: what `limn sample`, `reconstruct`, `interpolate`, `encode`,
// `decode`, `eval` and the studio do is the same for a VAE and for DRAW. An ImageModel is immutable: all its calls may
// run at once from any number of threads. Results depend on the arguments alone, not on what is computed beside them.
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
#include "limn/models/latent.hpp"
#include "limn/image/dataset.hpp"
#include "limn/kernels/parameters.hpp"

namespace limn {

// What every image checkpoint holds besides its model's own options (FORMATS.md; docs/checkpoint.md lists the names).
struct ImageCheckpoint {
  std::string model;                          // "vae" or "draw"
  std::string config = "{}";                  // JSON of the model's options
  std::int64_t step = 0;                      // training steps made
  std::string metrics = "{}";                 // JSON object: losses when it was written
  std::string training_config = "{}";         // JSON object: data and training options as the trainer had them
  std::map<std::string, std::vector<float>> weights = {};
  std::map<std::string, std::vector<std::int64_t>> shapes = {};  // of the weights, by the same names
  std::string origin = "image model";         // what errors call it: the file it was read from
};
// Throws Error naming the file. What the model needs is checked when it is made.
[[nodiscard]] ImageCheckpoint read_image_checkpoint(const std::filesystem::path& path);
// Replaces `path`, all or nothing.
void write_image_checkpoint(const std::filesystem::path& path, const ImageCheckpoint& checkpoint);
// For models being made: throws Error naming the origin unless the weights are those of `specs`, neither fewer nor more,
// of their shapes, with finite values.
void check_weights(const ImageCheckpoint& checkpoint, std::span<const kernels::ParameterSpec> specs);
// How the data of its training were prepared: the fields of ImageDataOptions that training_config holds, and defaults
// for the others. Throws Error naming the origin for values out of range.
[[nodiscard]] ImageDataOptions training_data_options(const ImageCheckpoint& checkpoint);

// The "model" of a checkpoint, "sketch_rnn", "vae" or "draw", of any file that resolve_model_path() finds; a Magenta
// .json model is a "sketch_rnn". Throws Error naming the file.
[[nodiscard]] std::string model_kind(const std::filesystem::path& path);

// Per image, in nats.
struct ImageLosses {
  std::vector<double> reconstruction;  // −log p(x | z) of one z, or its mean over several
  std::vector<double> kl;              // KL(q(z | x) ‖ p(z)); for DRAW summed over the steps
};

class ImageModel {
 public:
  virtual ~ImageModel() = default;

  [[nodiscard]] virtual const ImageCheckpoint& checkpoint() const = 0;
  [[nodiscard]] virtual ImageShape shape() const = 0;
  // Numbers that say everything about a drawing: Z of a VAE, T · Z of DRAW (step after step).
  [[nodiscard]] virtual std::int64_t latent_size() const = 0;
  // How the data must be prepared for this model: crop, size, colour and binarisation of its training.
  [[nodiscard]] virtual ImageDataOptions data_options() const = 0;

  // Pixel means [n, C, H, W] in [0, 1] of latent vectors [n, latent_size()].
  [[nodiscard]] virtual std::vector<float> decode(const Latents& z) const = 0;
  // A latent vector of each image, pixels [n, C, H, W]: drawn from the posterior with the noise of (seed, index of the
  // image), or its mean.
  struct EncodeOptions {
    bool uses_mean = false;
    std::uint64_t seed = 0;
    std::span<const std::int64_t> indices = {};  // of the images, for the noise; empty: 0, 1, …
  };
  [[nodiscard]] virtual Latents encode(std::span<const float> pixels, const EncodeOptions& options) const = 0;
  // The two terms of the bound, with the mean over `samples` draws of z.
  [[nodiscard]] virtual ImageLosses losses(std::span<const float> pixels, const EncodeOptions& options,
                                           std::int64_t samples) const = 0;
  // log p(x, z) − log q(z | x) of draw number `sample` of each image: their log-mean-exp over samples is the
  // importance-weighted estimate of log p(x) (Burda et al. 2015, arXiv 1509.00519, eq. 8).
  [[nodiscard]] virtual std::vector<double> log_weights(std::span<const float> pixels, const EncodeOptions& options,
                                                        std::int64_t sample) const = 0;
  // Variance over the images of each latent dimension's posterior mean: "active units" are those above 0.01
  // (Burda et al. 2015, §5.1). Empty for a model whose posterior mean depends on its own draws (DRAW).
  [[nodiscard]] virtual std::vector<double> posterior_mean_variances(std::span<const float> pixels) const = 0;
};

// A run directory's best checkpoint or a .safetensors file. Throws Error naming the file, also for a Sketch-RNN.
[[nodiscard]] std::unique_ptr<ImageModel> load_image_model(const std::filesystem::path& path);
// The model that checkpoint.model names; each family's header has a maker of its own. Throws Error naming the origin.
[[nodiscard]] std::unique_ptr<ImageModel> make_image_model(ImageCheckpoint checkpoint);

// Means over a split, per image in nats.
struct ImageEvaluation {
  std::int64_t n = 0;
  double reconstruction = 0;
  double kl = 0;
  double total = 0;             // the bound on −log p(x): reconstruction + kl (β = 1 whatever training used)
  std::int64_t active_units = -1;       // −1 where the model cannot say
  double importance_weighted = 0;       // estimate of −log p(x); 0 samples: not computed
  std::int64_t importance_samples = 0;
};
struct ImageEvaluationOptions {
  std::int64_t batch_size = 100;
  std::int64_t samples = 1;             // draws of z for the bound
  std::int64_t importance_samples = 0;  // K
  std::uint64_t seed = 0;
  std::int64_t max_images = 0;          // the first so many of the split; 0: all
};
[[nodiscard]] ImageEvaluation evaluate(const ImageModel& model, const ImageDataset& data, Split split,
                                       const ImageEvaluationOptions& options = {});

}  // namespace limn
