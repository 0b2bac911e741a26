#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/bench/cases.hpp"
#include "app/bench/gradients.hpp"
#include "app/bench/machine.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/models/draw/training.hpp"
#include "limn/models/step_noise.hpp"

namespace limn::app {
namespace {

constexpr double kLossLimit = 1e-4;

// The paper's model of binarised MNIST on images of MNIST's size that need no download.
struct DrawSetting {
  models::DrawOptions model;
  image::ImageDataOptions data;
  train::TrainOptions train = training_options("draw");
};
DrawSetting mnist_setting(const BenchOptions& options) {
  DrawSetting setting;
  setting.model.time_steps = 64;
  setting.model.z_size = 100;
  setting.model.read_size = 2;
  setting.model.write_size = 5;
  setting.data.image_size = 28;
  setting.data.color = "grey";
  setting.train.batch_size = options.batch_size;
  return setting;
}

// The first training batch and its noise ε [B, T·Z], a stream for each image.
struct FirstStep {
  image::ImageBatch batch;
  kernels::MatrixBuffer noise;
};
FirstStep first_step(const DrawSetting& setting, const image::ImageDataset& data) {
  const auto seed = static_cast<std::uint64_t>(setting.train.seed);
  FirstStep step{.batch = data.training_batch(data.plan_for_step(seed, 0, setting.train.batch_size), 0), .noise = {}};
  step.noise.resize(step.batch.batch_size(), setting.model.time_steps * setting.model.z_size);
  for (std::int64_t b = 0; b < step.noise.rows(); ++b)
    models::fill_latent_noise({.seed = seed}, b, {step.noise.row(b), static_cast<std::size_t>(step.noise.columns())});
  return step;
}

// Operations of a step's products with weights: every matrix meets every image at every glimpse; forward, and
// backward by inputs and by weights.
double step_flops(std::span<const models::TaskParameter> parameters, std::int64_t glimpses) {
  double once = 0;
  for (const auto& p : parameters)
    if (p.shape.size() == 2) once += static_cast<double>(p.shape[0] * p.shape[1]);
  return 2 * 3 * once * static_cast<double>(glimpses);
}

// Checks our first step against the twin's.
void check(const BenchOptions& options, const DrawSetting& setting, const image::ImageDataset& data, OurTraining& ours,
           BenchRow& row) {
  const double loss = ours.compute_gradients(0);
  const Gradients gradients = gradients_of(ours.parameters());
  FirstStep first = first_step(setting, data);
  models::DrawOptions model = models::resolved(setting.model, data.shape());
  Twin plain(*options.plain, {models::kDrawModel, options_to_json(models::fields(model))}, ours.parameters(), {},
             setting.train);
  const ConstMatrix pixels(first.batch.pixels.data(), first.batch.batch_size(), data.shape().size());
  set_plain_threads(options, options.threads);
  const double expected = plain.compute_gradients(pixels, first.noise.view());
  row.difference = std::abs(loss - expected) / std::max(1.0, std::abs(expected));
  require_agreement(row.name, *row.difference, kLossLimit);
  const Gradients plain_gradients = plain.gradients();
  row.gradient_difference = difference_of(gradients, plain_gradients);
  const Gradients other = gradients_rounded_otherwise(ours, 0);
  row.gradient_rounding = difference_of(other, gradients);
  require_gradients(row.name, gradients, other, plain_gradients);
  set_plain_threads(options, 1);
}

}  // namespace

void bench_draw_training(const BenchOptions& options, BenchReport& report) {
  const std::string name = "train draw";
  if (!report.wants(name)) return;
  const DrawSetting setting = mnist_setting(options);
  const std::vector<std::string> paths{"builtin:shapes"};
  const auto data = image::ImageDataset::load(paths, setting.data);
  OurTraining ours(models::make_draw_task(setting.model, setting.data, task_setting(setting.train), data),
                   setting.train);
  BenchRow row{.name = name,
               .shape = fmt::format("{} images, T = {}", options.batch_size, setting.model.time_steps),
               .flops = step_flops(ours.parameters(), setting.model.time_steps * options.batch_size)};
  if (options.plain != nullptr) check(options, setting, data, ours, row);
  const bool is_peak_ours = reset_peak_memory();
  ours.run_step(0);
  row.ours = time_runs([&] { ours.run_step(0); }, {.least = 3, .most = 15, .seconds = options.is_quick ? 2.0 : 8.0});
  if (is_peak_ours) row.peak_bytes = peak_memory();
  report.add(row);
}

}  // namespace limn::app
