#include "limn/models/vae/training.hpp"

#include <numeric>

#include "limn/models/image_training.hpp"
#include "limn/models/vae/drawing.hpp"
#include "limn/models/vae/initial_weights.hpp"
#include "limn/models/vae/step.hpp"

namespace limn::models {
namespace {

// Images that tell whether the decoder reads z.
constexpr std::int64_t kJudgedLatents = 200;

class VaeTraining final : public ImageTask {
 public:
  VaeTraining(VaeOptions model, const image::ImageDataOptions& data_options, const TaskSetting& setting,
              image::ImageDataset data)
      : ImageTask({.model = kVaeModel,
                   .config = options_to_json(models::fields(model)),
                   .data = data_options,
                   .setting = setting,
                   .parameters = vae_parameters(model),
                   .buffers = vae_buffers(model),
                   .make_model = make_vae_model},
                  std::move(data)),
        options_(model),
        step_(model, setting.precision) {
    initialise(model, vae_parameters(model), setting.seed, trained().mutable_values());
    initialise(model, vae_buffers(model), setting.seed, running().mutable_values());
  }

  StepResult compute_gradients(std::int64_t step) override {
    const image::ImageBatch batch = training_batch(step);
    const std::vector<std::int64_t> places = share().places(setting().batch_size);
    const VaeLosses losses = step_.losses_and_gradients(
        trained().values(), running().mutable_values(), trained().gradients(),
        {.pixels = ConstMatrix(batch.pixels.data(), batch.batch_size(), data().shape().size()),
         .noise = {.seed = setting().seed, .step = static_cast<std::uint64_t>(step), .places = places},
         .whole_batch = setting().batch_size});
    return {.losses = {{"total", losses.total()},
                       {"reconstruction", losses.reconstruction},
                       {"kl", losses.kl},
                       {"beta", losses.beta / static_cast<double>(share().ranks)}},
            .indices = batch.indices};
  }

  StepInput step_input(std::int64_t step) override {
    StepInput input = image_input(step, options_.z_size);
    input.beta = beta_at(options_, step);
    input.further = {{"beta", input.beta}};
    return input;
  }

  double objective(const Metrics& losses, std::int64_t step) const override {
    return metric(losses, "reconstruction") + beta_at(options_, step) * metric(losses, "kl");
  }

  std::optional<double> nats_of_latents() override {
    const image::ImageBatch given = held_out(kJudgedLatents);
    if (given.batch_size() < 2) return {};
    const VaeModel now(checkpoint(0, {}));
    const Latents z = now.encode(given.pixels, {.uses_mean = true, .indices = given.indices});
    const auto mean = [&](const Latents& from) {
      const std::vector<double> losses = now.reconstruction_losses(given.pixels, from);
      return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
    };
    return mean(shuffled(z, setting().seed)) - mean(z);
  }

 private:
  VaeOptions options_;
  VaeStep step_;
};

}  // namespace

std::unique_ptr<TrainingSetup> make_vae_setup() {
  return std::make_unique<ImageSetup<VaeOptions>>(make_vae_task, image::ImageDataOptions{});
}

std::unique_ptr<TrainingTask> make_vae_task(const VaeOptions& model, const image::ImageDataOptions& data_options,
                                            const TaskSetting& setting, image::ImageDataset data) {
  const VaeOptions fitting = fitted(model, data);
  return std::make_unique<VaeTraining>(fitting, data_options, setting, std::move(data));
}

}  // namespace limn::models
