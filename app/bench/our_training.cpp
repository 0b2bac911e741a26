#include "app/bench/our_training.hpp"

#include "limn/kernels/optimiser/adam.hpp"
#include "limn/models/registry.hpp"

namespace limn::app {

train::TrainOptions training_options(std::string_view family) {
  train::TrainOptions options;
  set_options(fields(options), models::standard_registry().family_of_command(family).training_defaults);
  return options;
}

models::TaskSetting task_setting(const train::TrainOptions& o) {
  return {.batch_size = o.batch_size,
          .seed = static_cast<std::uint64_t>(o.seed),
          .precision = o.precision == "bf16" ? kernels::Precision::kBFloat16 : kernels::Precision::kFloat32};
}

OurTraining::OurTraining(std::unique_ptr<models::TrainingTask> task, const train::TrainOptions& options)
    : options_(options), task_(std::move(task)) {
  for (const auto& p : task_->parameters())
    moments_.push_back({std::vector<float>(p.value.size()), std::vector<float>(p.value.size())});
}

double OurTraining::compute_gradients(std::int64_t step) {
  return metric(task_->compute_gradients(step).losses, "total");
}

void OurTraining::update() {
  std::vector<kernels::AdamSlot> slots;
  const auto parameters = task_->parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i)
    slots.push_back({parameters[i].value, parameters[i].gradient, moments_[i].first, moments_[i].second});
  const double norm = kernels::gradient_norm(slots);
  kernels::adam_step(slots, {.learning_rate = options_.learning_rate, .beta1 = options_.adam_beta1}, ++updates_,
                     train::clip_mode(options_), options_.grad_clip, norm);
}

}  // namespace limn::app
