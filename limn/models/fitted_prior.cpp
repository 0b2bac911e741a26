#include "limn/models/fitted_prior.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"

namespace limn::models {
namespace {

bool is_finite(const std::vector<float>& values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

}  // namespace

std::int64_t components_of(const FittedPrior& prior) { return std::max<std::int64_t>(1, std::ssize(prior.weight)); }

std::int64_t size_of(const FittedPrior& prior) { return std::ssize(prior.mean) / components_of(prior); }

void check(const FittedPrior& prior, const std::string& origin) {
  const auto n = static_cast<std::size_t>(size_of(prior)), k = static_cast<std::size_t>(components_of(prior));
  require(n > 0 && prior.mean.size() == k * n && prior.factor.size() == n * n,
          "{}: its prior has {} and {} numbers, expected K x Z and Z x Z", origin, prior.mean.size(),
          prior.factor.size());
  require(is_finite(prior.mean) && is_finite(prior.factor) && is_finite(prior.weight) && is_finite(prior.scale),
          "{}: its prior holds values that are not finite; fit it anew with limn fit-prior", origin);
  const auto is_positive = [](float value) { return value > 0; };
  const double total = std::accumulate(prior.weight.begin(), prior.weight.end(), 0.0);
  constexpr double kRounding = 1e-2;  // of weights in float16
  require(prior.weight.size() == prior.scale.size() && std::ranges::all_of(prior.weight, is_positive) &&
              std::ranges::all_of(prior.scale, is_positive) &&
              (prior.weight.empty() || std::abs(total - 1) < kRounding),
          "{}: the weights and scales of its prior are not above 0 with the sum 1; fit it anew with limn fit-prior",
          origin);
  for (std::size_t i = 0; i < n; ++i) {
    const auto row = prior.factor.begin() + static_cast<std::ptrdiff_t>(i * n);
    const auto diagonal = row + static_cast<std::ptrdiff_t>(i), end = row + static_cast<std::ptrdiff_t>(n);
    require(*diagonal > 0 && std::all_of(diagonal + 1, end, [](float value) { return value == 0; }),
            "{}: the factor of its prior is not lower triangular with a positive diagonal; fit it anew with limn "
            "fit-prior",
            origin);
  }
}

void transform(const FittedPrior& prior, Latents& noise, std::span<const float> choices) {
  const auto n = static_cast<std::size_t>(size_of(prior));
  assert(noise.z_size == size_of(prior));
  for (std::int64_t r = 0; r < noise.count(); ++r) {
    std::size_t k = 0;
    if (!choices.empty() && !prior.weight.empty()) {
      double sum = prior.weight[0];
      while (k + 1 < prior.weight.size() && sum <= choices[static_cast<std::size_t>(r)]) sum += prior.weight[++k];
    }
    const float* const mean = &prior.mean[k * n];
    const double scale = prior.scale.empty() ? 1.0 : prior.scale[k];
    const std::span<float> z = noise.row(r);
    for (std::size_t i = n; i-- > 0;) {  // number i is not read by those before it
      double sum = 0;
      for (std::size_t j = 0; j <= i; ++j) sum += static_cast<double>(prior.factor[i * n + j]) * z[j];
      z[i] = static_cast<float>(mean[i] + scale * sum);
    }
  }
}

std::vector<float> prior_choices(std::int64_t count, std::uint64_t seed, std::uint64_t first_index) {
  std::vector<float> choices(static_cast<std::size_t>(count));
  // Noise of the same drawings is of step 0.
  for (std::size_t i = 0; i < choices.size(); ++i)
    choices[i] = RandomStream(seed, Purpose::kLatentPrior, 1, first_index + i).uniform();
  return choices;
}

std::string prior_inability(std::int64_t z_size) {
  if (z_size == 0) return "it has no latent space (conditional=false)";
  if (z_size <= kMostPriorDimensions) return "";
  return fmt::format("its z has {} dimensions, and a prior is fitted to {} at most", z_size, kMostPriorDimensions);
}

std::vector<std::int64_t> fitted_examples(std::int64_t size) { return spread_examples(size, kMostFittedExamples); }

std::vector<std::int64_t> spread_examples(std::int64_t size, std::int64_t most) {
  const std::int64_t count = std::min(size, most);
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    // floor(i · size / count) without a product that could overflow.
    const std::int64_t whole = size / count, rest = size % count;
    numbers[static_cast<std::size_t>(i)] = i * whole + i * rest / count;
  }
  return numbers;
}

}  // namespace limn::models
