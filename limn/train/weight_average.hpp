// The weights that are validated, drawn with and kept: an average of those of the last part of training, which is as
// long as training is, so that it needs no plan and no correction at the start. Polynomial-decay averaging (Shamir &
// Zhang, ICML 2013, arXiv 1212.1824, section 3.2): after step t
//   average_t = (1 - c) · average_{t-1} + c · weights_t,  c = (η + 1) / (t + η).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/models/training.hpp"

namespace limn::train {

class WeightAverage {
 public:
  // Of a task's parameters and buffers; the task must outlive it. `eta` is η: about the last 1 / (η + 2) of the steps
  // count.
  WeightAverage(models::TrainingTask& task, double eta) : task_(task), eta_(eta) {}

  // Adds the weights after update `t`, 1, 2, …
  void add(std::int64_t t);
  // Takes the weights as they are for the average so far.
  void start();
  [[nodiscard]] bool is_empty() const { return values_.empty(); }
  // Of each parameter, then of each buffer, in the task's order.
  [[nodiscard]] std::span<const std::vector<float>> values() const { return values_; }
  void set_values(std::vector<std::vector<float>> values) { values_ = std::move(values); }

  // While one lives the task holds the average, if there is one; several at once are as one.
  class Use {
   public:
    explicit Use(WeightAverage& average) : average_(average) {
      if (average_.users_++ == 0) average_.swap();
    }
    ~Use() {
      if (--average_.users_ == 0) average_.swap();
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    WeightAverage& average_;
  };

 private:
  void swap();

  models::TrainingTask& task_;
  double eta_;
  std::vector<std::vector<float>> values_;
  int users_ = 0;
};

}  // namespace limn::train
