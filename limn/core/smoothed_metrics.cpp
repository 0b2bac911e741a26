#include "limn/core/smoothed_metrics.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace limn {
namespace {

constexpr double kDecay = 0.99;  // a step
constexpr std::array<std::string_view, 2> kWeights{"kl_weight", "beta"};

}  // namespace

const Metrics& SmoothedMetrics::add(const Metrics& values, double steps) {
  const double decay = std::pow(kDecay, std::max(steps, 0.0));
  smoothed_ = values;
  for (auto& [name, value] : smoothed_) {
    if (std::ranges::find(kWeights, name) != kWeights.end()) continue;
    auto mean = std::ranges::find(means_, name, &Mean::name);
    if (mean == means_.end()) mean = means_.insert(mean, Mean{.name = name, .sum = 0, .weight = 0});
    if (std::isfinite(value)) {
      mean->sum = decay * mean->sum + (1 - decay) * value;
      mean->weight = decay * mean->weight + (1 - decay);
    }
    if (mean->weight > 0) value = mean->sum / mean->weight;
  }
  return smoothed_;
}

}  // namespace limn
