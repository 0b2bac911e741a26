#include <fmt/format.h>
#include <torch/torch.h>

#include <cmath>
#include <map>
#include <memory>

#include "app/bench/cases.hpp"
#include "limn/core/error.hpp"
#include "limn/kernels/optimiser/adam.hpp"
#include "limn/nn/step_noise.hpp"
#include "limn/nn/threads.hpp"
#include "limn/train/vae_task.hpp"
#include "limn/libtorch/oracle/vae.hpp"

namespace limn::app {
namespace {

constexpr std::int64_t kBatch = 128;
constexpr double kMnistImages = 60'000;
constexpr double kLossLimit = 1e-5;      // relative, of a loss in float32
constexpr double kGradientLimit = 1e-4;  // of all gradients together, relative to their norm

// The trainer's step: gradients, then Adam without clipping.
class OurVae {
 public:
  OurVae(const VaeTaskOptions& options, ImageDataset data)
      : rate_(options.train.learning_rate), task_(make_vae_task(options, std::move(data))) {
    for (const auto& p : task_->parameters())
      for (int i = 0; i < 2; ++i) moments_.emplace_back(p.value.size());
    for (std::size_t i = 0; i < task_->parameters().size(); ++i) {
      const auto& p = task_->parameters()[i];
      slots_.push_back({p.value, p.gradient, moments_[2 * i], moments_[2 * i + 1]});
    }
  }

  [[nodiscard]] std::span<const TaskParameter> parameters() const { return task_->parameters(); }
  double compute_gradients(std::int64_t step) { return metric(task_->compute_gradients(step).losses, "total"); }
  void run_step(std::int64_t step) {
    (void)compute_gradients(step);
    const double norm = kernels::gradient_norm(slots_);
    kernels::adam_step(slots_, {.learning_rate = rate_}, ++updates_, kernels::ClipMode::kNone, 0, norm);
  }

 private:
  double rate_;
  std::unique_ptr<Task> task_;
  std::vector<std::vector<float>> moments_;
  std::vector<kernels::AdamSlot> slots_;
  std::int64_t updates_ = 0;
};

// The same step in plain LibTorch, from the same weights and with the same noise.
class PlainVae {
 public:
  PlainVae(const VaeTaskOptions& options, const ImageDataset& data, std::span<const TaskParameter> start)
      : options_(options), model_(resolved(options.model, data.shape())), data_(data) {
    std::vector<torch::Tensor> all;
    for (const auto& p : start) {
      parameters_[p.name] = torch::from_blob(p.value.data(), p.shape, torch::kFloat32).clone().requires_grad_();
      all.push_back(parameters_[p.name]);
    }
    adam_ = std::make_unique<torch::optim::Adam>(all, torch::optim::AdamOptions(options.train.learning_rate));
  }

  double compute_gradients(std::int64_t step) {
    adam_->zero_grad();
    const auto seed = static_cast<std::uint64_t>(options_.train.seed);
    if (!plan_.covers(step)) plan_ = data_.plan_for_step(seed, step, kBatch);
    ImageBatch batch = data_.training_batch(plan_, step);
    const torch::Tensor pixels = torch::from_blob(batch.pixels.data(), {kBatch, data_.shape().size()});
    const torch::Tensor epsilon =
        latent_noise(kBatch, model_.z_size, {.seed = seed, .step = static_cast<std::uint64_t>(step)});
    const auto losses = libtorch::oracle::vae_loss(parameters_, {}, model_, pixels, {.epsilon = epsilon});
    losses.total.backward();
    return losses.total.item<double>();
  }
  void run_step(std::int64_t step) {
    (void)compute_gradients(step);
    adam_->step();
  }

  // |ours − plain| / |plain| over all gradients.
  [[nodiscard]] double gradient_difference(std::span<const TaskParameter> ours) const {
    double difference = 0, size = 0;
    for (const auto& p : ours) {
      const torch::Tensor expected = parameters_.at(p.name).grad();
      const torch::Tensor given = torch::from_blob(p.gradient.data(), p.shape, torch::kFloat32);
      difference += (given - expected).square().sum().item<double>();
      size += expected.square().sum().item<double>();
    }
    return std::sqrt(difference / size);
  }

 private:
  VaeTaskOptions options_;
  VaeOptions model_;
  const ImageDataset& data_;
  EpochPlan plan_;
  libtorch::oracle::Parameters parameters_;
  std::unique_ptr<torch::optim::Adam> adam_;
};

// 2 a multiply-add: every layer forward and for its weights, every layer but the first for its input.
double step_flops(const VaeOptions& model) {
  double macs = 0;
  bool is_first = true;
  for (const auto& spec : vae_parameters(model)) {
    if (spec.shape.size() != 2) continue;
    macs += (is_first ? 2.0 : 3.0) * static_cast<double>(spec.shape[0] * spec.shape[1]);
    is_first = false;
  }
  return 2 * macs * static_cast<double>(kBatch);
}

}  // namespace

void bench_vae(const BenchOptions& options, BenchReport& report) {
  const std::string name = "train vae";
  if (!report.wants(name)) return;
  const VaeTaskOptions setting;
  const std::vector<std::string> paths{"builtin:shapes"};
  const auto data = ImageDataset::load(paths, setting.data);
  at::set_num_threads(options.threads);
  OurVae ours(setting, data);
  PlainVae plain(setting, data, ours.parameters());
  const double loss = ours.compute_gradients(0), expected = plain.compute_gradients(0);
  BenchRow row{.name = name,
               .shape = fmt::format("{} images of {}, 784-256-2-256-784", kBatch, text(data.shape())),
               .flops = step_flops(resolved(setting.model, data.shape())),
               .difference = std::abs(loss - expected) / expected,
               .gradient_difference = plain.gradient_difference(ours.parameters())};
  require_agreement(name, row.difference, kLossLimit);
  require_agreement(name + ", gradients", row.gradient_difference, kGradientLimit);
  const TimingBudget budget{.least = 20, .most = 500, .seconds = options.is_quick ? 1.0 : 4.0};
  // Batch after batch, as in training: the caches do not hold the pixels yet.
  std::int64_t step = 0, plain_step = 0;
  for (int i = 0; i < 5; ++i) ours.run_step(++step), plain.run_step(++plain_step);
  row.plain = time_runs([&] { plain.run_step(++plain_step); }, budget);
  nn::set_thread_count(options.threads);  // as in training
  row.ours = time_runs([&] { ours.run_step(++step); }, budget);
  report.add(row);
  const double steps = kMnistImages / static_cast<double>(kBatch);
  report.note(fmt::format("an epoch of MNIST, {:.0f} such steps: plain LibTorch {:.2f} s, limn {:.2f} s", steps,
                          steps * row.plain->median, steps * row.ours.median));
}

}  // namespace limn::app
