// A model's tensors twice: in float32 as a training step of limn/models takes them, and in float64 as the oracle does.
#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "libtorch/conditioned_oracle.hpp"
#include "limn/kernels/optimiser/adam.hpp"
#include "limn/kernels/parameters.hpp"
#include "limn/libtorch/oracle/cells.hpp"
#include "limn/libtorch/torch.hpp"
#include "testing/tensors.hpp"

namespace limn::testing {

class StepPair {
 public:
  // Random values of one size: the initial ones of a model hide mistakes behind zeros. Gradients start as NaN.
  explicit StepPair(const std::vector<kernels::ParameterSpec>& specs, std::uint64_t seed = 17)
      : specs_(specs), twin_(libtorch::oracle::random_parameters(specs, torch::kFloat64, seed)) {
    for (const auto& spec : specs) {
      const torch::Tensor start = twin_.at(spec.name).detach().to(torch::kFloat32).contiguous();
      const float* data = start.data_ptr<float>();
      ours_.emplace_back(data, data + start.numel());
      gradients_.emplace_back(ours_.back().size(), std::numeric_limits<float>::quiet_NaN());
      for (auto* moments : {&moments_, &twin_moments_})
        for (int i = 0; i < 2; ++i) moments->emplace_back(ours_.back().size());
    }
    for (std::size_t i = 0; i < specs.size(); ++i) {
      value_spans_.emplace_back(ours_[i]);
      mutable_spans_.emplace_back(ours_[i]);
      gradient_spans_.emplace_back(gradients_[i]);
    }
  }
  StepPair(const StepPair&) = delete;
  StepPair& operator=(const StepPair&) = delete;

  [[nodiscard]] kernels::Parameters values() const { return value_spans_; }
  [[nodiscard]] std::span<const std::span<float>> mutable_values() const { return mutable_spans_; }
  [[nodiscard]] kernels::ParameterGradients gradients() const { return gradient_spans_; }
  [[nodiscard]] const libtorch::oracle::Parameters& twin() const { return twin_; }
  void forget_gradients() {
    for (auto& [name, value] : twin_) value.mutable_grad() = torch::Tensor();
  }

  [[nodiscard]] torch::Tensor tensor(std::size_t i, const std::vector<std::vector<float>>& from) const {
    return torch::tensor(from[i]).view(specs_[i].shape);
  }
  // Compares all gradients with the oracle's, but those that is_zero names: these are below 1e-3.
  template <class IsZero>
  void expect_gradients_near(ConditionedOracle& oracle, const IsZero& is_zero) const {
    for (std::size_t i = 0; i < specs_.size(); ++i) {
      const std::string& name = specs_[i].name;
      const torch::Tensor given = tensor(i, gradients_);
      if (is_zero(name))
        EXPECT_LT(given.abs().max().item<double>(), 1e-3) << name;
      else
        oracle.expect_near(given, name);
    }
  }
  void expect_gradients_near(ConditionedOracle& oracle) const {
    expect_gradients_near(oracle, [](const std::string&) { return false; });
  }

  // One Adam step on each side, from its own gradients. Steps count from 1.
  void update(std::int64_t step, double learning_rate) {
    std::vector<torch::Tensor> twin_values, twin_gradients;
    std::vector<kernels::AdamSlot> ours, twins;
    for (std::size_t i = 0; i < specs_.size(); ++i) {
      const torch::Tensor& twin = twin_.at(specs_[i].name);
      twin_values.push_back(twin.detach().to(torch::kFloat32).contiguous());
      twin_gradients.push_back(twin.grad().to(torch::kFloat32).contiguous());
      ours.push_back({ours_[i], gradients_[i], moments_[2 * i], moments_[2 * i + 1]});
      twins.push_back({span(twin_values[i]), span(twin_gradients[i]), twin_moments_[2 * i], twin_moments_[2 * i + 1]});
    }
    for (const auto& slots : {ours, twins})
      kernels::adam_step(slots, {.learning_rate = learning_rate}, step, kernels::ClipMode::kValue, 1.0,
                         kernels::gradient_norm(slots));
    const torch::NoGradGuard no_gradient;
    for (std::size_t i = 0; i < specs_.size(); ++i) torch::Tensor(twin_.at(specs_[i].name)).copy_(twin_values[i]);
  }

 private:
  static std::span<float> span(torch::Tensor& tensor) {
    return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
  }

  std::vector<kernels::ParameterSpec> specs_;
  libtorch::oracle::Parameters twin_;
  std::vector<std::vector<float>> ours_, gradients_, moments_, twin_moments_;
  std::vector<std::span<const float>> value_spans_;
  std::vector<std::span<float>> mutable_spans_, gradient_spans_;
};

}  // namespace limn::testing
