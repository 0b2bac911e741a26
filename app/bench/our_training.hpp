// A training step of any task as the trainer does it: gradients, clipping, Adam. For the measurements; one
// thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/training.hpp"
#include "limn/train/options.hpp"

namespace limn::app {

// The options that `limn train FAMILY` starts from.
[[nodiscard]] train::TrainOptions training_options(std::string_view family);
[[nodiscard]] models::TaskSetting task_setting(const train::TrainOptions& options);

class OurTraining {
 public:
  OurTraining(std::unique_ptr<models::TrainingTask> task, const train::TrainOptions& options);

  [[nodiscard]] std::span<const models::TaskParameter> parameters() const { return task_->parameters(); }
  [[nodiscard]] std::span<const models::TaskParameter> buffers() const { return task_->buffers(); }
  // The loss; the gradients lie in parameters().
  double compute_gradients(std::int64_t step);
  void update();
  void run_step(std::int64_t step) {
    (void)compute_gradients(step);
    update();
  }

 private:
  struct Moments {
    std::vector<float> first, second;
  };
  kernels::FlushDenormals flush_;  // as in training
  train::TrainOptions options_;
  std::unique_ptr<models::TrainingTask> task_;
  std::vector<Moments> moments_;
  std::int64_t updates_ = 0;
};

}  // namespace limn::app
