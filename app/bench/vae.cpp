#include <fmt/format.h>

#include <cmath>

#include "app/bench/cases.hpp"
#include "app/bench/gradients.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/models/step_noise.hpp"
#include "limn/models/vae/training.hpp"

namespace limn::app {
namespace {

constexpr std::int64_t kBatch = 128;
constexpr int kWarmUp = 5;
constexpr double kMnistImages = 60'000;
constexpr double kLossLimit = 1e-5;      // relative, of a loss in float32
constexpr double kGradientLimit = 1e-4;  // of all gradients together, relative to their norm

struct VaeSetting {
  models::VaeOptions model;
  image::ImageDataOptions data;
  train::TrainOptions train = training_options("vae");
};

std::string json_of(models::VaeOptions model) { return options_to_json(models::fields(model)); }

// 2 a multiply-add: every layer forward and for its weights, every layer but the first for its input.
double step_flops(std::span<const models::TaskParameter> parameters) {
  double macs = 0;
  bool is_first = true;
  for (const auto& p : parameters) {
    if (p.shape.size() != 2) continue;
    macs += (is_first ? 2.0 : 3.0) * static_cast<double>(p.shape[0] * p.shape[1]);
    is_first = false;
  }
  return 2 * macs * static_cast<double>(kBatch);
}

// Checks our first step against LibTorch's from the same weights, with the same images and noise.
void check(const BenchOptions& options, const VaeSetting& setting, const image::ImageDataset& data, OurTraining& ours,
           BenchRow& row) {
  const auto seed = static_cast<std::uint64_t>(setting.train.seed);
  const models::VaeOptions model = models::resolved(setting.model, data.shape());
  const image::ImageBatch batch = data.training_batch(data.plan_for_step(seed, 0, kBatch), 0);
  kernels::MatrixBuffer noise;
  noise.resize(kBatch, model.z_size);
  for (std::int64_t b = 0; b < kBatch; ++b)
    models::fill_latent_noise({.seed = seed}, b, {noise.row(b), static_cast<std::size_t>(noise.columns())});
  Twin plain(*options.plain, {models::kVaeModel, json_of(model)}, ours.parameters(), ours.buffers(), setting.train);
  set_plain_threads(options, options.threads);
  const double loss = ours.compute_gradients(0);
  const double expected =
      plain.compute_gradients(ConstMatrix(batch.pixels.data(), kBatch, data.shape().size()), noise.view());
  row.difference = std::abs(loss - expected) / expected;
  row.gradient_difference = difference_of(gradients_of(ours.parameters()), plain.gradients());
  require_agreement(row.name, *row.difference, kLossLimit);
  require_agreement(row.name + ", gradients", row.gradient_difference, kGradientLimit);
  set_plain_threads(options, 1);
}

}  // namespace

void bench_vae(const BenchOptions& options, BenchReport& report) {
  const std::string name = "train vae";
  if (!report.wants(name)) return;
  VaeSetting setting;
  setting.train.batch_size = kBatch;
  const std::vector<std::string> paths{"builtin:shapes"};
  const auto data = image::ImageDataset::load(paths, setting.data);
  OurTraining ours(models::make_vae_task(setting.model, setting.data, task_setting(setting.train), data),
                   setting.train);
  BenchRow row{.name = name,
               .shape = fmt::format("{} images of {}, 784-256-2-256-784", kBatch, image::text(data.shape())),
               .flops = step_flops(ours.parameters())};
  if (options.plain != nullptr) check(options, setting, data, ours, row);
  // Batch after batch, as in training: the caches do not hold the pixels yet.
  std::int64_t step = 0;
  for (int i = 0; i < kWarmUp; ++i) ours.run_step(++step);
  row.ours =
      time_runs([&] { ours.run_step(++step); }, {.least = 20, .most = 500, .seconds = options.is_quick ? 1.0 : 4.0});
  report.add(row);
  const double steps = kMnistImages / static_cast<double>(kBatch);
  report.note(fmt::format("an epoch of MNIST, {:.0f} such steps: {:.2f} s", steps, steps * row.ours.median));
}

}  // namespace limn::app
