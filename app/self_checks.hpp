// Small problems that the kernels compute and plain loops in float64 compute again: what limn doctor shows.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace limn::app {

// The largest error of a result, and what it may be. Errors of sums are shares of the sum of their terms' sizes.
struct SelfCheck {
  std::string name;
  double error = 0;
  double bound = 0;
  // False for NaN.
  [[nodiscard]] bool agrees() const { return error <= bound; }
};

// Milliseconds. Changes the backend of the products while it runs.
[[nodiscard]] std::vector<SelfCheck> run_self_checks();

// Throws Error naming those that do not agree.
void require_agreement(std::span<const SelfCheck> checks);

}  // namespace limn::app
