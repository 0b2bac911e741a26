#include "limn/train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/generate/checkpoint_metadata.hpp"

namespace limn {
namespace {

using Clock = std::chrono::steady_clock;

// So many steps in a row that are not finite send the run back; so many returns without a better model end it.
constexpr int kBadStepsToGoBack = 3;
constexpr std::int64_t kMostSetbacks = 5;

constexpr const char* kValuePrefix = "parameters.";
constexpr const char* kBufferPrefix = "buffers.";
constexpr const char* kFirstPrefix = "adam.first_moment.";
constexpr const char* kSecondPrefix = "adam.second_moment.";

TensorData tensor_of(std::span<const float> values, const std::vector<std::int64_t>& shape) {
  return {.type = DType::kF32, .shape = shape, .bytes = std::as_bytes(values)};
}

void load_into(const SafetensorsFile& file, const std::string& name, const std::vector<std::int64_t>& shape,
               std::span<float> target) {
  const auto values = file.read_f32(name, shape);
  std::copy(values.begin(), values.end(), target.begin());
}

double number(const SafetensorsFile& file, const std::string& key) {
  const std::string& text = file.metadata(key);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  require(!text.empty() && *end == '\0', "{}: metadata {} is not a number; the file is damaged", file.origin(), key);
  return value;
}

}  // namespace

Trainer::Trainer(Task& task, const TrainOptions& options, const RunDirectory& run, TrainObserver observer)
    : task_(task), options_(options), run_(run), observer_(std::move(observer)), events_(run.root()) {
  for (const auto& parameter : task_.parameters())
    moments_.push_back({std::vector<float>(parameter.value.size()), std::vector<float>(parameter.value.size())});
}

void Trainer::notice(const std::string& message) const {
  run_.log(message);
  if (observer_.on_notice) observer_.on_notice(message);
}

std::vector<kernels::AdamSlot> Trainer::slots() {
  std::vector<kernels::AdamSlot> all;
  const auto parameters = task_.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i)
    all.push_back({parameters[i].value, parameters[i].gradient, moments_[i].first, moments_[i].second});
  return all;
}

// True if the step was finite and is applied; else the weights and moments are as before.
bool Trainer::apply_step(const StepResult& result, double learning_rate) {
  const auto all = slots();
  gradient_norm_ = kernels::gradient_norm(all);
  if (!std::isfinite(metric(result.losses, "total")) || !std::isfinite(gradient_norm_)) {
    notice(fmt::format("step {}: loss {} or gradient norm {} is not finite; the step is not applied; batch: {}", at_.step,
                       metric(result.losses, "total"), gradient_norm_, fmt::join(result.indices, " ")));
    ++bad_in_a_row_;
    return false;
  }
  bad_in_a_row_ = 0;
  ++at_.updates;
  kernels::adam_step(all, {.learning_rate = learning_rate, .beta1 = options_.adam_beta1}, at_.updates,
                     clip_mode(options_), options_.grad_clip, gradient_norm_);
  return true;
}

void Trainer::go_back() {
  const std::int64_t failed = at_.step;
  const double factor = at_.rate_factor / 2;
  const std::int64_t setbacks = at_.setbacks + 1;
  require(setbacks <= kMostSetbacks && std::filesystem::exists(run_.state()),
          "{}: training diverged: losses or gradients stay not finite at step {} although the learning rate was halved "
          "{} times; start again with a smaller --learning-rate or grad_clip",
          run_.root().string(), failed, setbacks - 1);
  load_state();
  at_.rate_factor = factor;
  at_.setbacks = setbacks;
  bad_in_a_row_ = 0;
  run_.truncate_metrics(at_.step);
  events_.start_after(at_.step);
  notice(fmt::format("step {}: {} steps in a row were not finite; back to step {} with {} of the learning rate", failed,
                     kBadStepsToGoBack, at_.step, factor));
  // Steps are drawn from their number, so the same steps come again: the smaller rate is what differs.
  save_state();
}

void Trainer::validate() {
  last_metrics_ = task_.evaluate(Split::kValid, at_.step);
  const double total = metric(last_metrics_, "total");
  // Without a validation split the last weights are the best we know.
  const bool is_best = last_metrics_.empty() || at_.best_step < 0 || total < at_.best_total;
  if (!last_metrics_.empty()) record(kSplitNames[static_cast<int>(Split::kValid)], last_metrics_);
  if (is_best && (last_metrics_.empty() || std::isfinite(total))) {
    at_.best_total = total;
    at_.best_step = at_.step;
    at_.setbacks = 0;
    task_.write_checkpoint(run_.best(), at_.step, last_metrics_);
  }
  if (observer_.on_validation && !last_metrics_.empty()) observer_.on_validation(at_.step, last_metrics_, is_best);
}

void Trainer::draw() {
  for (const auto& path : task_.draw_samples(run_.samples_stem(at_.step), at_.step))
    if (path.extension() == ".png") events_.add_png(at_.step, "samples", read_file(path));
}

void Trainer::save_state() const {
  SafetensorsContent content;
  const auto parameters = task_.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& p = parameters[i];
    content.tensors[kValuePrefix + p.name] = tensor_of(p.value, p.shape);
    content.tensors[kFirstPrefix + p.name] = tensor_of(moments_[i].first, p.shape);
    content.tensors[kSecondPrefix + p.name] = tensor_of(moments_[i].second, p.shape);
  }
  for (const auto& b : task_.buffers()) content.tensors[kBufferPrefix + b.name] = tensor_of(b.value, b.shape);
  content.metadata = {{"format", kFormatName},
                      {"format_version", fmt::format("{}", kFormatVersion)},
                      {"model", "training_state"},
                      {"step", fmt::format("{}", at_.step)},
                      {"updates", fmt::format("{}", at_.updates)},
                      {"best_total", fmt::format("{}", at_.best_total)},
                      {"best_step", fmt::format("{}", at_.best_step)},
                      {"rate_factor", fmt::format("{}", at_.rate_factor)},
                      {"setbacks", fmt::format("{}", at_.setbacks)},
                      {"seed", fmt::format("{}", options_.seed)}};
  write_safetensors(run_.state(), content);
  task_.write_checkpoint(run_.last(), at_.step, last_metrics_);
}

void Trainer::load_state() {
  const auto file = SafetensorsFile::read(run_.state());
  require(file.metadata("format") == kFormatName && file.metadata("model") == "training_state",
          "{}: is not a training state of limn; start again with --overwrite", file.origin());
  require(number(file, "format_version") <= kFormatVersion,
          "{}: was written by a newer limn (format {}); update limn", file.origin(), file.metadata("format_version"));
  const auto parameters = task_.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& p = parameters[i];
    load_into(file, kValuePrefix + p.name, p.shape, p.value);
    load_into(file, kFirstPrefix + p.name, p.shape, moments_[i].first);
    load_into(file, kSecondPrefix + p.name, p.shape, moments_[i].second);
  }
  for (const auto& b : task_.buffers()) load_into(file, kBufferPrefix + b.name, b.shape, b.value);
  at_ = {.step = static_cast<std::int64_t>(number(file, "step")),
         .updates = static_cast<std::int64_t>(number(file, "updates")),
         .best_total = number(file, "best_total"),
         .best_step = static_cast<std::int64_t>(number(file, "best_step")),
         .rate_factor = number(file, "rate_factor"),
         .setbacks = static_cast<std::int64_t>(number(file, "setbacks"))};
}

bool Trainer::resume() {
  if (!std::filesystem::exists(run_.state())) {
    run_.truncate_metrics(-1);
    events_.start_after(-1);
    return false;
  }
  load_state();
  run_.truncate_metrics(at_.step);
  events_.start_after(at_.step);
  run_.log(fmt::format("resumed at step {}", at_.step));
  return true;
}

void Trainer::record(std::string_view split, const Metrics& values) {
  run_.append_metrics(at_.step, split, values);
  events_.add_metrics(at_.step, split, values);
}

void Trainer::report(const StepResult& result, double learning_rate, double seconds) {
  smoothed_seconds_ = smoothed_seconds_ == 0 ? seconds : 0.95 * smoothed_seconds_ + 0.05 * seconds;
  const double rate = static_cast<double>(options_.batch_size) / smoothed_seconds_;
  const bool is_last = at_.step == options_.num_steps;
  if (at_.step % options_.log_every == 0 || at_.step == 1 || is_last) {
    Metrics line = result.losses;
    line.push_back({"learning_rate", learning_rate});
    line.push_back({"gradient_norm", gradient_norm_});
    line.push_back({"seconds", seconds});
    line.push_back({"examples_per_second", rate});
    record(kSplitNames[static_cast<int>(Split::kTrain)], line);
  }
  if (!observer_.on_step) return;
  observer_.on_step({.step = at_.step,
                     .num_steps = options_.num_steps,
                     .epoch = static_cast<double>(at_.step) / static_cast<double>(std::max<std::int64_t>(1, task_.steps_per_epoch())),
                     .losses = result.losses,
                     .learning_rate = learning_rate,
                     .seconds_per_step = smoothed_seconds_,
                     .examples_per_second = rate,
                     .seconds_left = smoothed_seconds_ * static_cast<double>(options_.num_steps - at_.step)});
}

TrainResult Trainer::run() {
  if (at_.step == 0) save_state();  // so that there is a good state to go back to, and a checkpoint to sample from
  bool is_stopped = false;
  while (at_.step < options_.num_steps && !is_stopped) {
    const auto start = Clock::now();
    const double learning_rate = learning_rate_at(options_, at_.step) * at_.rate_factor;
    const StepResult result = task_.compute_gradients(at_.step);
    const bool is_applied = apply_step(result, learning_rate);
    if (bad_in_a_row_ >= kBadStepsToGoBack) {
      go_back();
      continue;
    }
    ++at_.step;
    if (is_applied) report(result, learning_rate, std::chrono::duration<double>(Clock::now() - start).count());
    is_stopped = observer_.should_stop && observer_.should_stop();
    const bool is_last = at_.step == options_.num_steps;
    if (at_.step % options_.valid_every == 0 || is_last) validate();
    if (options_.sample_every > 0 && (at_.step % options_.sample_every == 0 || is_last)) draw();
    // A state must not be saved in the middle of a streak of bad steps: it is what the run goes back to.
    const bool is_good = bad_in_a_row_ == 0;
    if (is_good && (at_.step % options_.save_every == 0 || is_last || is_stopped)) save_state();
  }
  if (at_.best_step < 0) task_.write_checkpoint(run_.best(), at_.step, last_metrics_);
  return {.step = at_.step,
          .is_finished = at_.step >= options_.num_steps,
          .best_total = at_.best_total,
          .best_step = at_.best_step};
}

}  // namespace limn
