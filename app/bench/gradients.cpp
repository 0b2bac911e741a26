#include "app/bench/gradients.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "app/bench/report.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/products/gemm.hpp"

namespace limn::app {
namespace {

// Of a parameter's gradient in float32, relative to its norm. Layer-normalised cells with their initial
// weights are chaotic over hundreds of steps: there rounding alone moves gradients by per cents or more, and
// the limit is kRoundingFactor times that.
constexpr double kGradientLimit = 1e-3;
constexpr double kRoundingFactor = 100;

}  // namespace

Gradients gradients_of(std::span<const models::TaskParameter> parameters) {
  Gradients gradients;
  for (const auto& p : parameters) gradients[p.name].assign(p.gradient.begin(), p.gradient.end());
  return gradients;
}

double difference_of(const Gradients& given, const Gradients& expected) {
  double difference = 0, size = 0;
  for (const auto& [name, gradient] : expected) {
    const std::vector<float>& ours = given.at(name);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const double value = gradient[i];
      difference += (ours[i] - value) * (ours[i] - value);
      size += value * value;
    }
  }
  return difference == 0 ? 0 : std::sqrt(difference / size);  // some are 0 before the first update
}

void require_gradients(const std::string& name, const Gradients& given, const Gradients& other,
                       const Gradients& expected) {
  for (const auto& [parameter, gradient] : expected) {
    const auto one = [&](const Gradients& from) { return Gradients{{parameter, from.at(parameter)}}; };
    const double rounding = difference_of(one(other), one(given));
    require_agreement(name + ", gradient of " + parameter, difference_of(one(given), one(expected)),
                      std::max(kGradientLimit, kRoundingFactor * rounding));
  }
}

Gradients gradients_rounded_otherwise(OurTraining& training, std::int64_t step) {
  using kernels::GemmBackend;
  std::vector<std::vector<float>> kept;
  RandomStream random(7, Purpose::kTest);
  for (const auto& p : training.parameters()) {
    kept.emplace_back(p.value.begin(), p.value.end());
    for (float& value : p.value) {
      const float direction = random.uniform() < 0.5F ? -1.0F : 1.0F;
      if (value != 0) value = std::nextafter(value, direction * std::numeric_limits<float>::infinity());
    }
  }
  kernels::set_gemm_backend(kernels::gemm_backend() == GemmBackend::kOneDnn ? GemmBackend::kPortable
                                                                            : GemmBackend::kOneDnn);
  (void)training.compute_gradients(step);
  kernels::set_gemm_backend(GemmBackend::kAutomatic);
  for (std::size_t i = 0; i < kept.size(); ++i) std::ranges::copy(kept[i], training.parameters()[i].value.begin());
  return gradients_of(training.parameters());
}

}  // namespace limn::app
