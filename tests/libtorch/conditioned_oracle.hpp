// The oracle's results of a problem, and how exact float32 can be there. Rounding the inputs to float32 in other ways
// moves the exact results: this is the condition of the problem, below which no computation in float32 can stay.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "limn/libtorch/torch.hpp"
#include "testing/compare.hpp"
#include "testing/tensors.hpp"

namespace limn::testing {

// Makes float64 leaves of float32 inputs. Draw 0 keeps the numbers; each other draw moves each of them by up to half a
// unit in its last place.
class Rounding {
 public:
  explicit Rounding(int draw) : draw_(draw) {}
  [[nodiscard]] torch::Tensor operator()(const torch::Tensor& input) {
    if (!input.defined()) return input;
    torch::Tensor leaf = input.detach().to(torch::kFloat64, /*non_blocking=*/false, /*copy=*/true).contiguous();
    if (draw_ > 0) {
      RandomStream random(static_cast<std::uint64_t>(draw_), Purpose::kTest, 0, inputs_++);
      double* const values = leaf.data_ptr<double>();
      for (std::int64_t i = 0; i < leaf.numel(); ++i) values[i] *= 1 + kHalfUnit * (2.0 * random.uniform() - 1);
    }
    return leaf.requires_grad_();
  }
  // All of a map.
  template <class Parameters>
  [[nodiscard]] Parameters each(const Parameters& inputs) {
    Parameters leaves;
    for (const auto& [name, input] : inputs) leaves[name] = (*this)(input);
    return leaves;
  }

 private:
  int draw_;
  std::uint64_t inputs_ = 0;
};

// By name. A gradient stands under the name of what it is of.
using Results = std::map<std::string, torch::Tensor>;

class ConditionedOracle {
 public:
  // `run` gives the results for inputs that went through the rounding, in the same order each time.
  ConditionedOracle(const Tolerance& tolerance, std::function<Results(Rounding&)> run)
      : tolerance_(tolerance), run_(std::move(run)), exact_(results(0)) {}

  [[nodiscard]] const torch::Tensor& at(const std::string& name) const { return exact_.at(name); }
  [[nodiscard]] const Results& all() const { return exact_; }

  // Expects the plain limit or, where it does not hold, the one with the problem's condition, which costs some more
  // runs of the oracle.
  void expect_near(const torch::Tensor& actual, const std::string& name) {
    const torch::Tensor& expected = exact_.at(name);
    if (!expected.defined() || tensors_near(actual, expected, tolerance_, name)) return;
    if (sensitivity_.empty()) measure();
    EXPECT_TRUE(tensors_near(actual, expected, tolerance_, name, sensitivity_.at(name)));
  }

 private:
  [[nodiscard]] Results results(int draw) const {
    Rounding rounding(draw);
    Results found = run_(rounding);
    for (auto& [name, tensor] : found)
      if (tensor.defined()) tensor = tensor.detach().to(torch::kFloat64);
    return found;
  }
  // The root mean square change of each element.
  void measure() {
    for (int draw = 1; draw <= kConditionDraws; ++draw) {
      for (const auto& [name, moved] : results(draw)) {
        if (!moved.defined()) continue;
        torch::Tensor& sum = sensitivity_.try_emplace(name, torch::zeros_like(moved)).first->second;
        sum += (moved - exact_.at(name)).square() / kConditionDraws;
      }
    }
    for (auto& [name, sum] : sensitivity_) sum = sum.sqrt();
  }

  Tolerance tolerance_;
  std::function<Results(Rounding&)> run_;
  Results exact_, sensitivity_;
};

}  // namespace limn::testing
