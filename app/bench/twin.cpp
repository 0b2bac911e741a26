#include "app/bench/twin.hpp"

#include <array>
#include <limits>

#include "limn/train/libtorch_module.hpp"
#include "limn/train/libtorch_values.hpp"

namespace limn::app {

using train::float_rows;

void set_plain_threads(const BenchOptions& options, int count) {
  if (options.plain != nullptr) train::call_libtorch(options.plain->set_thread_count, count);
}

Twin::Twin(const libtorch::Api& api, const Model& model, std::span<const models::TaskParameter> start,
           std::span<const models::TaskParameter> buffers, const train::TrainOptions& options)
    : api_(api), learning_rate_(options.learning_rate), run_(nullptr, api.run_destroy) {
  for (const auto& p : start) sizes_.emplace_back(p.name, std::ssize(p.value));
  for (const auto& p : start) gradients_ += std::ssize(p.value);
  values_ = gradients_;
  for (const auto& b : buffers) values_ += std::ssize(b.value);
  const libtorch::RunSetting setting{.device = "cpu",
                                     .model = {.family = model.family.c_str(), .options = model.options.c_str()},
                                     .beta1 = options.adam_beta1,
                                     .clip = options.grad_clip,
                                     .clip_mode = train::libtorch_clip_mode(options),
                                     .clip_groups = {},
                                     .longest_gradient = std::numeric_limits<double>::infinity(),
                                     .average_eta = options.average_eta,
                                     .is_bf16 = 0,
                                     .whole_batch = 0,
                                     .group = nullptr};
  libtorch::Run* run = nullptr;
  train::call_libtorch(api.run_create, &setting, train::list_of(train::named_tensors(start)),
                       train::list_of(train::named_tensors(buffers)), &run);
  run_.reset(run);
}

double Twin::losses_of(const libtorch::StepBatch& batch) {
  std::array<double, 3> losses{};
  train::call_libtorch(api_.run_gradients, run_.get(), &batch);
  train::call_libtorch(api_.run_losses, run_.get(), losses.data());
  return losses[0];
}

double Twin::compute_gradients(const sketch::StrokeBatch& batch, ConstMatrix noise, std::int64_t max_seq_len,
                               std::uint64_t seed, std::int64_t step) {
  libtorch::StepBatch given = train::step_batch(batch);
  given.noise = float_rows(noise);
  given.places = train::integers(batch.places);
  given.loss_steps = max_seq_len;
  given.seed = seed;
  given.step = step;
  given.beta = 1;
  return losses_of(given);
}

double Twin::compute_gradients(ConstMatrix pixels, ConstMatrix noise, double beta) {
  libtorch::StepBatch batch{};
  batch.pixels = float_rows(pixels);
  batch.noise = float_rows(noise);
  batch.beta = beta;
  return losses_of(batch);
}

void Twin::update() {
  train::call_libtorch(api_.run_update, run_.get(), learning_rate_);
  std::array<double, libtorch::kStepFigures> figures{};
  train::call_libtorch(api_.run_figures, run_.get(), figures.data(), std::int64_t{1});
}

void Twin::set_gradients(std::span<const float> values) {
  train::call_libtorch(api_.run_write, run_.get(), std::int32_t{libtorch::kRunGradients}, values.data(),
                       std::ssize(values));
}

std::vector<float> Twin::values() const {
  std::vector<float> values(static_cast<std::size_t>(values_));
  train::call_libtorch(api_.run_read, run_.get(), std::int32_t{libtorch::kRunValues}, values.data(), values_);
  return values;
}

Gradients Twin::gradients() const {
  std::vector<float> flat(static_cast<std::size_t>(gradients_));
  train::call_libtorch(api_.run_read, run_.get(), std::int32_t{libtorch::kRunGradients}, flat.data(), gradients_);
  Gradients all;
  auto from = flat.begin();
  for (const auto& [name, size] : sizes_) {
    all[name].assign(from, from + size);
    from += size;
  }
  return all;
}

}  // namespace limn::app
