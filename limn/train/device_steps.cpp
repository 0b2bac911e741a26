#include <algorithm>
#include <array>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/train/device_passes.hpp"
#include "limn/train/libtorch_module.hpp"
#include "limn/train/libtorch_values.hpp"
#include "limn/train/steps.hpp"

namespace limn::train {
namespace {

using models::TaskParameter;

// Of each tensor the number of its clip group: neighbours that are clipped together have the same.
std::vector<std::int64_t> clip_groups(const TrainOptions& options, std::span<const TaskParameter> parameters) {
  std::vector<std::int64_t> groups;
  std::string before;
  for (const auto& p : parameters) {
    std::string group = clip_group(options, p.name);
    groups.push_back(groups.empty() ? 0 : groups.back() + (group == before ? 0 : 1));
    before = std::move(group);
  }
  return groups;
}

template <class Spans>
std::vector<float> flattened(const Spans& spans) {
  std::vector<float> flat;
  for (const auto& values : spans) flat.insert(flat.end(), values.begin(), values.end());
  return flat;
}

void scatter(const std::vector<float>& flat, const std::vector<std::span<float>>& to) {
  auto from = flat.begin();
  for (const auto& values : to) {
    std::copy_n(from, values.size(), values.begin());
    from += static_cast<std::ptrdiff_t>(values.size());
  }
}

class DeviceSteps final : public Steps {
 public:
  DeviceSteps(const libtorch::Api& api, const HostState& state, const TrainOptions& options, ProcessGroup* group,
              const std::string& device)
      : api_(api), state_(state), options_(options), group_(group), run_(nullptr, api.run_destroy) {
    const models::Checkpoint model = state_.task.checkpoint(0, {});
    const std::vector<std::int64_t> groups = clip_groups(options, state_.task.parameters());
    const libtorch::RunSetting setting{.device = device.c_str(),
                                       .model = {.family = model.model.c_str(), .options = model.config.c_str()},
                                       .beta1 = options.adam_beta1,
                                       .clip = options.grad_clip,
                                       .clip_mode = libtorch_clip_mode(options),
                                       .clip_groups = integers(groups),
                                       .longest_gradient = kLongestGradient,
                                       .average_eta = options.average_eta,
                                       .is_bf16 = options.precision == "bf16",
                                       .whole_batch = options.batch_size,
                                       .group = group == nullptr ? nullptr : group->libtorch_group()};
    libtorch::Run* run = nullptr;
    call_libtorch(api_.run_create, &setting, list_of(named_tensors(state_.task.parameters())),
                  list_of(named_tensors(state_.task.buffers())), &run);
    run_.reset(run);
  }

  Agreement take(std::int64_t step, double learning_rate, const std::function<Agreement()>& mine) override {
    models::StepInput input = state_.task.step_input(step);
    const std::int64_t examples = std::ssize(input.indices);
    const auto rows = [](const std::vector<float>& values, std::int64_t count) {
      return values.empty() ? libtorch::FloatRows{}
                            : libtorch::FloatRows{values.data(), count, std::ssize(values) / count};
    };
    const libtorch::StepBatch batch{.inputs = rows(input.strokes.inputs, input.strokes.rows()),
                                    .targets = rows(input.strokes.targets, input.strokes.rows()),
                                    .active = integers(input.strokes.active),
                                    .lengths = integers(input.strokes.lengths),
                                    .pixels = rows(input.pixels, examples),
                                    .noise = rows(input.noise, examples),
                                    .places = integers(input.places),
                                    .loss_steps = input.loss_steps,
                                    .seed = static_cast<std::uint64_t>(options_.seed),
                                    .step = step,
                                    .planned_steps = input.planned_steps,
                                    .beta = input.beta};
    call_libtorch(api_.run_gradients, run_.get(), &batch);
    call_libtorch(api_.run_update, run_.get(), learning_rate);
    is_host_current_ = false;
    Metrics losses{{"total", 0}, {"reconstruction", 0}};
    if (input.has_kl) losses.push_back({"kl", 0});
    losses.insert(losses.end(), input.further.begin(), input.further.end());
    pending_.push_back({.step = step,
                        .result = {.losses = std::move(losses), .indices = std::move(input.indices)},
                        .learning_rate = learning_rate});
    return agree(mine());
  }

  std::vector<StepOutcome> outcomes() override {
    constexpr std::size_t kTotal = 0, kReconstruction = 1, kKl = 2, kNorm = 3, kApplied = 4;
    std::vector<std::array<double, libtorch::kStepFigures>> figures(pending_.size());
    call_libtorch(api_.run_figures, run_.get(), figures.empty() ? nullptr : figures.front().data(), pending());
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      StepOutcome& outcome = pending_[i];
      for (Metric& loss : outcome.result.losses)
        for (const auto& [name, figure] :
             {std::pair("total", kTotal), {"reconstruction", kReconstruction}, {"kl", kKl}})
          if (loss.name == name) loss.value = figures[i][figure];
      outcome.gradient_norm = figures[i][kNorm];
      outcome.is_applied = figures[i][kApplied] > 0;
      if (outcome.is_applied) ++updates_;
    }
    return std::exchange(pending_, {});
  }
  std::int64_t pending() const override { return std::ssize(pending_); }
  bool is_prompt() const override { return false; }

  void to_host() override {
    if (is_host_current_) return;
    is_host_current_ = true;
    read(libtorch::kRunValues, values());
    read(libtorch::kRunGradients, of_parameters([](const TaskParameter& p) { return p.gradient; }));
    read(libtorch::kRunFirstMoments, moments(&Moments::first));
    read(libtorch::kRunSecondMoments, moments(&Moments::second));
    if (!options_.average_weights || updates_ == 0) return;
    std::vector<std::vector<float>> average;
    for (const auto& each : values()) average.emplace_back(each.size());
    read(libtorch::kRunAverage, {average.begin(), average.end()});
    state_.average.set_values(std::move(average));
  }

  std::unique_ptr<models::NetworkPasses> passes() override {
    const bool has_average = options_.average_weights && updates_ > 0;
    return make_device_passes(api_, run_.get(), has_average ? libtorch::kRunAverage : libtorch::kRunValues);
  }

  void from_host(std::int64_t updates) override {
    updates_ = updates;
    pending_.clear();
    is_host_current_ = true;
    write(libtorch::kRunValues, flattened(values()));
    write(libtorch::kRunFirstMoments, flattened(moments(&Moments::first)));
    write(libtorch::kRunSecondMoments, flattened(moments(&Moments::second)));
    write(libtorch::kRunAverage, state_.average.is_empty() ? flattened(values()) : flattened(state_.average.values()));
    call_libtorch(api_.run_set_updates, run_.get(), updates);
  }

 private:
  Agreement agree(const Agreement& mine) {
    if (group_ == nullptr) return mine;
    std::array<double, 2> figures{mine.stops ? 1.0 : 0.0, static_cast<double>(mine.planned)};
    group_->sum(std::span(figures));
    return {.stops = figures[0] > 0, .planned = static_cast<std::int64_t>(figures[1])};
  }

  // Of parameters, then of buffers.
  [[nodiscard]] std::vector<std::span<float>> values() const {
    std::vector<std::span<float>> all;
    for (const auto tensors : {state_.task.parameters(), state_.task.buffers()})
      for (const auto& t : tensors) all.push_back(t.value);
    return all;
  }
  template <class Part>
  [[nodiscard]] std::vector<std::span<float>> of_parameters(const Part& part) const {
    std::vector<std::span<float>> all;
    for (const auto& p : state_.task.parameters()) all.push_back(part(p));
    return all;
  }
  [[nodiscard]] std::vector<std::span<float>> moments(std::vector<float> Moments::*which) const {
    std::vector<std::span<float>> all;
    for (auto& each : state_.moments) all.emplace_back(each.*which);
    return all;
  }

  void read(libtorch::RunTensors which, const std::vector<std::span<float>>& to) {
    std::size_t count = 0;
    for (const auto& each : to) count += each.size();
    std::vector<float> flat(count);
    call_libtorch(api_.run_read, run_.get(), std::int32_t{which}, flat.data(), static_cast<std::int64_t>(count));
    scatter(flat, to);
  }
  void write(libtorch::RunTensors which, const std::vector<float>& flat) {
    call_libtorch(api_.run_write, run_.get(), std::int32_t{which}, flat.data(), std::ssize(flat));
  }

  const libtorch::Api& api_;
  HostState state_;
  TrainOptions options_;
  ProcessGroup* group_;
  std::unique_ptr<libtorch::Run, void (*)(libtorch::Run*)> run_;
  std::vector<StepOutcome> pending_;  // their figures are still on the device
  std::int64_t updates_ = 0;          // as far as outcomes tell
  bool is_host_current_ = true;
};

}  // namespace

std::unique_ptr<Steps> make_device_steps(const HostState& state, const TrainOptions& options, ProcessGroup* group,
                                         const std::string& device) {
  const libtorch::Api& api = load_libtorch_module("training on " + device);
  call_libtorch(api.set_thread_count, std::int32_t{kernels::thread_count()});
  return std::make_unique<DeviceSteps>(api, state, options, group, device);
}

}  // namespace limn::train
