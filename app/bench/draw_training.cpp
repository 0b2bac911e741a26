#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "app/bench/cases.hpp"
#include "app/bench/gradients.hpp"
#include "limn/core/random.hpp"
#include "limn/nn/threads.hpp"
#include "limn/train/draw_task.hpp"
#include "limn/libtorch/oracle/draw.hpp"

namespace limn::app {
namespace {

constexpr double kLossLimit = 1e-4;

// The paper's model of binarised MNIST on images of MNIST's size that need no download.
DrawTaskOptions mnist_setting(const BenchOptions& options) {
  DrawTaskOptions setting;
  setting.model.time_steps = 64;
  setting.model.z_size = 100;
  setting.model.read_size = 2;
  setting.model.write_size = 5;
  setting.data.image_size = 28;
  setting.data.color = "grey";
  setting.train.batch_size = options.batch_size;
  return setting;
}

// The same step in plain LibTorch, from the same weights, with the same images and noise.
class PlainDraw {
 public:
  PlainDraw(const DrawTaskOptions& setting, const ImageDataset& data, std::span<const TaskParameter> start)
      : setting_(setting), shape_(draw_shape(resolved(setting.model, data.shape()))) {
    std::vector<torch::Tensor> all;
    for (const auto& p : start) {
      parameters_[p.name] =
          torch::from_blob(p.value.data(), p.shape, torch::kFloat32).clone().requires_grad_();
      all.push_back(parameters_[p.name]);
    }
    adam_ = std::make_unique<torch::optim::Adam>(
        all, torch::optim::AdamOptions(setting.train.learning_rate).betas({setting.train.adam_beta1, 0.999}));
    const auto seed = static_cast<std::uint64_t>(setting.train.seed);
    ImageBatch batch = data.training_batch(data.plan_for_step(seed, 0, setting.train.batch_size), 0);
    pixels_ = torch::from_blob(batch.pixels.data(), {batch.batch_size(), shape_.image_size()}).clone();
    noise_ = torch::empty({batch.batch_size(), shape_.steps * shape_.z_size});
    for (std::int64_t b = 0; b < batch.batch_size(); ++b) {
      RandomStream random(seed, Purpose::kLatentTraining, 0, static_cast<std::uint64_t>(b));
      random.fill_normal({noise_[b].data_ptr<float>(), static_cast<std::size_t>(noise_.size(1))});
    }
  }

  double compute_gradients() {
    adam_->zero_grad();
    const torch::Tensor total = libtorch::oracle::draw(shape_, parameters_, pixels_, noise_).total;
    total.backward();
    return total.item<double>();
  }
  void update() {
    torch::nn::utils::clip_grad_norm_(adam_->param_groups()[0].params(), setting_.train.grad_clip);
    adam_->step();
  }
  [[nodiscard]] Gradients gradients() const { return gradients_of(parameters_); }

 private:
  DrawTaskOptions setting_;
  kernels::DrawShape shape_;
  libtorch::oracle::Parameters parameters_;
  std::unique_ptr<torch::optim::Adam> adam_;
  torch::Tensor pixels_, noise_;
};

// Operations of a step's products with weights: every matrix meets every image at every glimpse; forward, and
// backward by inputs and by weights.
double step_flops(const kernels::DrawShape& shape, std::int64_t batch) {
  double once = 0;
  for (const auto& spec : kernels::draw_parameters(shape))
    if (spec.shape.size() == 2) once += static_cast<double>(spec.shape[0] * spec.shape[1]);
  return 2 * 3 * once * static_cast<double>(shape.steps * batch);
}

}  // namespace

void bench_draw_training(const BenchOptions& options, BenchReport& report) {
  const std::string name = "train draw";
  if (!report.wants(name)) return;
  const DrawTaskOptions setting = mnist_setting(options);
  const std::vector<std::string> paths{"builtin:shapes"};
  const auto data = ImageDataset::load(paths, setting.data);
  const kernels::DrawShape shape = draw_shape(resolved(setting.model, data.shape()));
  OurTraining ours(make_draw_task(setting, data), setting.train);
  BenchRow row{.name = name,
               .shape = fmt::format("{} images, T = {}", options.batch_size, shape.steps),
               .flops = step_flops(shape, options.batch_size)};
  const double loss = ours.compute_gradients(0);
  const Gradients gradients = gradients_of(ours.parameters());
  PlainDraw plain(setting, data, ours.parameters());
  at::set_num_threads(options.threads);
  const double expected = plain.compute_gradients();
  row.difference = std::abs(loss - expected) / std::max(1.0, std::abs(expected));
  require_agreement(name, row.difference, kLossLimit);
  row.gradient_difference = difference_of(gradients, plain.gradients());
  const Gradients other = gradients_rounded_otherwise(ours, 0);
  row.gradient_rounding = difference_of(other, gradients);
  require_gradients(name, gradients, other, plain.gradients());
  const auto plain_step = [&] {
    (void)plain.compute_gradients();
    plain.update();
  };
  row.plain = time_runs(plain_step, {.least = 1, .most = 5, .seconds = options.is_quick ? 1.0 : 8.0});
  const bool is_peak_ours = reset_peak_memory();
  nn::set_thread_count(options.threads);  // as in training
  ours.run_step(0);
  row.ours =
      time_runs([&] { ours.run_step(0); }, {.least = 3, .most = 15, .seconds = options.is_quick ? 2.0 : 8.0});
  if (is_peak_ours) row.peak_bytes = peak_memory();
  report.add(row);
}

}  // namespace limn::app
