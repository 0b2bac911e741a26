#include "app/toy_family.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "limn/core/error.hpp"
#include "limn/models/image_training.hpp"

namespace limn::testing {
namespace {

constexpr const char* kToyModel = "toy";

struct ToyOptions {
  std::int64_t image_channels = 0;  // 0: as the data
  std::int64_t image_height = 0;
  std::int64_t image_width = 0;
  double initial_sigma = 0.5;
};

std::vector<OptionField> fields(ToyOptions& o) {
  return {{"image_channels", &o.image_channels, "0: as the data", {}, 0, 3},
          {"image_height", &o.image_height, "0: as the data", {}, 0, 1000},
          {"image_width", &o.image_width, "0: as the data", {}, 0, 1000},
          {"initial_sigma", &o.initial_sigma, "deviation of each pixel before training", {}, 0.01, 10}};
}

image::ImageShape image_shape(const ToyOptions& o) { return {o.image_channels, o.image_height, o.image_width}; }

ToyOptions resolved(ToyOptions o, const image::ImageShape& data) {
  if (o.image_channels == 0) o.image_channels = data.channels;
  if (o.image_height == 0) o.image_height = data.height;
  if (o.image_width == 0) o.image_width = data.width;
  return o;
}

std::vector<kernels::ParameterSpec> toy_parameters(const ToyOptions& o) {
  return {{"mean", {image_shape(o).size()}}, {"log_sigma", {image_shape(o).size()}}};
}

// −log N(x; m, σ²) summed over the pixels.
double nats_of(std::span<const float> x, std::span<const float> mean, std::span<const float> log_sigma) {
  double nats = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double z = (x[i] - mean[i]) / std::exp(log_sigma[i]);
    nats += 0.5 * z * z + log_sigma[i] + 0.5 * std::log(2 * std::numbers::pi);
  }
  return nats;
}

class ToyModel final : public models::ImageModel {
 public:
  explicit ToyModel(models::Checkpoint checkpoint) : checkpoint_(std::move(checkpoint)) {
    options_from_json(fields(options_), checkpoint_.config, checkpoint_.origin);
    models::check_weights(checkpoint_, toy_parameters(options_));
  }

  const models::Checkpoint& checkpoint() const override { return checkpoint_; }
  image::ImageShape shape() const override { return image_shape(options_); }
  std::int64_t latent_size() const override { return shape().size(); }
  image::ImageDataOptions data_options() const override { return models::training_data_options(checkpoint_); }

  std::vector<float> decode(const models::Latents& z) const override {
    std::vector<float> pixels(z.values.size());
    for (std::size_t i = 0; i < pixels.size(); ++i)
      pixels[i] = std::clamp(mean()[i % size()] + sigma(i % size()) * z.values[i], 0.0F, 1.0F);
    return pixels;
  }
  models::Latents encode(std::span<const float> pixels, const EncodeOptions&) const override {
    models::Latents z(static_cast<std::int64_t>(pixels.size() / size()), latent_size());
    for (std::size_t i = 0; i < pixels.size(); ++i) z.values[i] = (pixels[i] - mean()[i % size()]) / sigma(i % size());
    return z;
  }
  models::ImageLosses losses(std::span<const float> pixels, const EncodeOptions&, std::int64_t) const override {
    models::ImageLosses losses;
    for (std::size_t first = 0; first < pixels.size(); first += size()) {
      losses.reconstruction.push_back(nats_of(pixels.subspan(first, size()), mean(), log_sigma()));
      losses.kl.push_back(0);
    }
    return losses;
  }
  std::vector<double> log_weights(std::span<const float> pixels, const EncodeOptions& options,
                                  std::int64_t sample) const override {
    std::vector<double> weights = losses(pixels, options, sample).reconstruction;
    for (double& weight : weights) weight = -weight;
    return weights;
  }
  bool has_posterior_mean() const override { return false; }

 private:
  std::size_t size() const { return static_cast<std::size_t>(shape().size()); }
  const std::vector<float>& mean() const { return checkpoint_.weights.at("mean"); }
  const std::vector<float>& log_sigma() const { return checkpoint_.weights.at("log_sigma"); }
  float sigma(std::size_t i) const { return std::exp(log_sigma()[i]); }

  models::Checkpoint checkpoint_;
  ToyOptions options_;
};

std::unique_ptr<models::ImageModel> make_toy_model(models::Checkpoint checkpoint) {
  return std::make_unique<ToyModel>(std::move(checkpoint));
}

class ToyTask final : public models::ImageTask {
 public:
  ToyTask(ToyOptions model, const image::ImageDataOptions& data_options, const models::TaskSetting& setting,
          image::ImageDataset data)
      : ImageTask({.model = kToyModel,
                   .config = options_to_json(fields(model)),
                   .data = data_options,
                   .setting = setting,
                   .parameters = toy_parameters(model),
                   .buffers = {},
                   .make_model = make_toy_model},
                  std::move(data)) {
    std::ranges::fill(trained().mutable_values()[0], 0.5F);
    std::ranges::fill(trained().mutable_values()[1], static_cast<float>(std::log(model.initial_sigma)));
  }

  models::StepResult compute_gradients(std::int64_t step) override {
    const image::ImageBatch batch = training_batch(step);
    const auto mean = trained().values()[0], log_sigma = trained().values()[1];
    const auto to_mean = trained().gradients()[0], to_log_sigma = trained().gradients()[1];
    std::ranges::fill(to_mean, 0.0F);
    std::ranges::fill(to_log_sigma, 0.0F);
    const float share_of_one = 1.0F / static_cast<float>(setting().batch_size);
    double nats = 0;
    for (std::size_t first = 0; first < batch.pixels.size(); first += mean.size()) {
      const auto x = std::span(batch.pixels).subspan(first, mean.size());
      nats += nats_of(x, mean, log_sigma) * share_of_one;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float sigma = std::exp(log_sigma[i]), z = (x[i] - mean[i]) / sigma;
        to_mean[i] -= z / sigma * share_of_one;
        to_log_sigma[i] += (1 - z * z) * share_of_one;
      }
    }
    return {.losses = {{"total", nats}, {"reconstruction", nats}, {"kl", 0}}, .indices = batch.indices};
  }
};

std::unique_ptr<models::TrainingTask> make_toy_task(const ToyOptions& model,
                                                    const image::ImageDataOptions& data_options,
                                                    const models::TaskSetting& setting, image::ImageDataset data) {
  const ToyOptions fitting = models::fitted(model, data);
  return std::make_unique<ToyTask>(fitting, data_options, setting, std::move(data));
}

}  // namespace

models::Family toy_family() {
  return {.name = kToyModel,
          .command = "toy",
          .title = "Toy",
          .help = "a Gaussian for each pixel",
          .content = models::Content::kImages,
          .built_in_data = "builtin:shapes",
          .examples = "  limn train toy --out runs/toy --steps 20\n",
          .presets = {{"wide", "a large deviation at the start", {"initial_sigma=1"}}},
          .training_defaults = {"num_steps=20", "learning_rate=0.05", "decay_rate=1", "sample_every=10"},
          .foreign_formats = {},
          .make_model = [](models::Checkpoint checkpoint) -> std::unique_ptr<models::Model> {
            return make_toy_model(std::move(checkpoint));
          },
          .make_setup = []() -> std::unique_ptr<models::TrainingSetup> {
            return std::make_unique<models::ImageSetup<ToyOptions>>(make_toy_task, image::ImageDataOptions{});
          }};
}

}  // namespace limn::testing
