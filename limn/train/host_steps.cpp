#include <algorithm>
#include <cmath>
#include <utility>

#include "limn/kernels/optimiser/adam.hpp"
#include "limn/train/steps.hpp"

namespace limn::train {
namespace {

// Running means before a step: a step that is not applied may have made them infinite.
std::vector<std::vector<float>> buffer_values(const models::TrainingTask& task) {
  std::vector<std::vector<float>> values;
  for (const auto& b : task.buffers()) values.emplace_back(b.value.begin(), b.value.end());
  return values;
}

// Makes the loss infinite where a buffer is: the step is then one that no process applies.
void mark_infinite_buffers(const models::TrainingTask& task, models::StepResult& result) {
  for (const auto& b : task.buffers())
    if (!std::ranges::all_of(b.value, [](float v) { return std::isfinite(v); }))
      std::ranges::find(result.losses, "total", &Metric::name)->value = INFINITY;
}

void restore_buffers(models::TrainingTask& task, const std::vector<std::vector<float>>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) std::ranges::copy(values[i], task.buffers()[i].value.begin());
}

class HostSteps final : public Steps {
 public:
  HostSteps(const HostState& state, const TrainOptions& options, ProcessGroup* group)
      : state_(state), options_(options), group_(group) {}

  Agreement take(std::int64_t step, double learning_rate, const std::function<Agreement()>& mine) override {
    const auto buffers = buffer_values(state_.task);
    StepOutcome outcome{.step = step, .result = state_.task.compute_gradients(step), .learning_rate = learning_rate};
    mark_infinite_buffers(state_.task, outcome.result);
    const Agreement agreed = add_up(outcome.result, mine());
    apply(outcome);
    if (!outcome.is_applied) restore_buffers(state_.task, buffers);
    outcomes_.push_back(std::move(outcome));
    return agreed;
  }
  std::vector<StepOutcome> outcomes() override { return std::exchange(outcomes_, {}); }
  std::int64_t pending() const override { return std::ssize(outcomes_); }
  bool is_prompt() const override { return true; }
  void to_host() override {}
  void from_host(std::int64_t updates) override { updates_ = updates; }

 private:
  [[nodiscard]] std::vector<kernels::AdamSlot> slots() {
    std::vector<kernels::AdamSlot> all;
    const auto parameters = state_.task.parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i)
      all.push_back({parameters[i].value, parameters[i].gradient, state_.moments[i].first, state_.moments[i].second});
    return all;
  }

  // Gradients, losses and running means over all processes. All stop where one wants to; only the first one plans.
  Agreement add_up(models::StepResult& result, const Agreement& mine) {
    if (group_ == nullptr) return mine;
    std::vector<double> figures;
    for (const auto& loss : result.losses) figures.push_back(loss.value);
    figures.push_back(mine.stops ? 1 : 0);
    figures.push_back(static_cast<double>(mine.planned));
    group_->sum(figures);
    for (std::size_t i = 0; i < result.losses.size(); ++i) result.losses[i].value = figures[i];

    // One message: on a network each costs a round trip.
    std::vector<float> flat;
    for (const auto& p : state_.task.parameters()) flat.insert(flat.end(), p.gradient.begin(), p.gradient.end());
    const std::size_t gradients = flat.size();
    for (const auto& b : state_.task.buffers()) flat.insert(flat.end(), b.value.begin(), b.value.end());
    group_->sum(flat);
    auto from = flat.cbegin();
    const auto take_from = [&](std::span<float> to) {
      std::copy_n(from, to.size(), to.begin());
      from += static_cast<std::ptrdiff_t>(to.size());
    };
    for (auto mean = flat.begin() + static_cast<std::ptrdiff_t>(gradients); mean != flat.end(); ++mean)
      *mean /= static_cast<float>(group_->size());
    for (const auto& p : state_.task.parameters()) take_from(p.gradient);
    for (const auto& b : state_.task.buffers()) take_from(b.value);
    return {.stops = *(figures.end() - 2) > 0, .planned = static_cast<std::int64_t>(figures.back())};
  }

  // A step that is not finite leaves weights and moments as they are.
  void apply(StepOutcome& outcome) {
    const auto all = slots();
    outcome.gradient_norm = kernels::gradient_norm(all);
    outcome.is_applied =
        std::isfinite(metric(outcome.result.losses, "total")) && outcome.gradient_norm < kLongestGradient;
    if (!outcome.is_applied) return;
    ++updates_;
    const kernels::AdamOptions adam{.learning_rate = outcome.learning_rate, .beta1 = options_.adam_beta1};
    const auto parameters = state_.task.parameters();
    for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
      const std::string group = clip_group(options_, parameters[begin].name);
      while (end < all.size() && clip_group(options_, parameters[end].name) == group) ++end;
      const std::span<const kernels::AdamSlot> part(all.begin() + static_cast<std::ptrdiff_t>(begin), end - begin);
      const double norm = part.size() == all.size() ? outcome.gradient_norm : kernels::gradient_norm(part);
      kernels::adam_step(part, adam, updates_, clip_mode(options_), options_.grad_clip, norm);
    }
    if (options_.average_weights) state_.average.add(updates_);
  }

  HostState state_;
  TrainOptions options_;
  ProcessGroup* group_;
  std::int64_t updates_ = 0;
  std::vector<StepOutcome> outcomes_;
};

}  // namespace

std::unique_ptr<Steps> make_host_steps(const HostState& state, const TrainOptions& options, ProcessGroup* group) {
  return std::make_unique<HostSteps>(state, options, group);
}

}  // namespace limn::train
