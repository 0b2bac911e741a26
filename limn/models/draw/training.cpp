#include "limn/models/draw/training.hpp"

#include "limn/core/error.hpp"
#include "limn/models/draw/drawing.hpp"
#include "limn/models/draw/evaluation.hpp"
#include "limn/models/draw/step.hpp"
#include "limn/models/draw/tensors.hpp"
#include "limn/models/image_training.hpp"

namespace limn::models {
namespace {

// Of a sample picture: drawings of each kind.
constexpr std::int64_t kShown = 4;

class DrawTraining final : public ImageTask {
 public:
  DrawTraining(DrawOptions model, const image::ImageDataOptions& data_options, const TaskSetting& setting,
               image::ImageDataset data)
      : ImageTask({.model = kDrawModel,
                   .config = options_to_json(models::fields(model)),
                   .data = data_options,
                   .setting = setting,
                   .parameters = draw_parameters(draw_shape(model)),
                   .buffers = {},
                   .make_model = make_draw_model},
                  std::move(data)),
        options_(model),
        step_(model, setting.precision) {
    initialise(model, draw_parameters(draw_shape(model)), setting.seed, trained().mutable_values());
  }

  StepResult compute_gradients(std::int64_t step) override {
    const image::ImageBatch batch = training_batch(step);
    const std::vector<std::int64_t> places = share().places(setting().batch_size);
    const DrawMeans losses = step_.losses_and_gradients(
        trained().values(), trained().gradients(),
        {.pixels = ConstMatrix(batch.pixels.data(), batch.batch_size(), data().shape().size()),
         .noise = {.seed = setting().seed, .step = static_cast<std::uint64_t>(step), .places = places},
         .whole_batch = setting().batch_size});
    return {.losses = {{"total", losses.total()}, {"reconstruction", losses.reconstruction}, {"kl", losses.kl}},
            .indices = batch.indices};
  }

  StepInput step_input(std::int64_t step) override { return image_input(step, options_.time_steps * options_.z_size); }

  // Some of the validation split redrawn and some drawings from the prior, each at chosen steps.
  SampleDrawings sample_drawings(std::int64_t step) override {
    const DrawModel drawer(checkpoint(step, {}));
    const image::ImageBatch given = held_out(kShown);
    SampleDrawings samples;
    samples.steps.push_back({"redrawn",
                             drawer.reconstruct_steps(given.pixels, {.seed = setting().seed, .indices = given.indices}),
                             given.pixels});
    samples.steps.push_back({kNewDrawings, drawer.decode_steps(drawer.prior_latents(kShown, setting().seed)), {}});
    return samples;
  }

  // What is redrawn, after each step.
  std::vector<SampleGrid> sample_grids(std::int64_t step, std::int64_t count) override {
    const DrawModel drawer(checkpoint(step, {}));
    const image::ImageBatch given = held_out(count);
    const image::DrawingSteps drawn =
        drawer.reconstruct_steps(given.pixels, {.seed = setting().seed, .indices = given.indices});
    std::vector<SampleGrid> grids;
    grids.push_back({"given", images(given.pixels)});
    for (std::int64_t t = 0; t < drawn.steps; ++t) {
      std::vector<float> canvases;
      for (std::int64_t i = 0; i < drawn.count; ++i) {
        const auto canvas = drawn.canvas(i, t);
        canvases.insert(canvases.end(), canvas.begin(), canvas.end());
      }
      grids.push_back({fmt::format("t{:0{}}", t + 1, drawn.steps > 99 ? 4 : 2), images(std::move(canvases))});
    }
    return grids;
  }

  // Besides the losses of a whole split, L_z of each step over its first images: kl/1 … kl/T.
  Metrics evaluate(Split split, std::int64_t step, const Judging& judging) override {
    Metrics metrics = ImageTask::evaluate(split, step, judging);
    if (metrics.empty() || judging.most > 0) return metrics;
    const std::vector<double> kl =
        mean_step_kl(DrawModel(checkpoint(step, {})), data(), split, judging.passes, sharing(judging));
    for (std::size_t t = 0; t < kl.size(); ++t) metrics.push_back({fmt::format("kl/{}", t + 1), kl[t]});
    return metrics;
  }

 private:
  DrawOptions options_;
  DrawStep step_;
};

}  // namespace

std::unique_ptr<TrainingSetup> make_draw_setup() {
  // A Bernoulli's pixels are 0 or 1: each is drawn once, as in the benchmark that published bounds are of.
  return std::make_unique<ImageSetup<DrawOptions>>(make_draw_task, image::ImageDataOptions{.binarize = "fixed"});
}

std::unique_ptr<TrainingTask> make_draw_task(const DrawOptions& model, const image::ImageDataOptions& data_options,
                                             const TaskSetting& setting, image::ImageDataset data) {
  const DrawOptions fitting = fitted(model, data);
  return std::make_unique<DrawTraining>(fitting, data_options, setting, std::move(data));
}

}  // namespace limn::models
