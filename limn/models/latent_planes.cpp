#include "limn/models/latent_planes.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"

namespace limn::models {
namespace {

constexpr double kOuterShare = 0.05;

// A vector for each point: the one that `base_of(cell)` gives, with the plane's two numbers.
template <class BaseOf>
Latents plane_latents(const PlaneAxes& axes, std::int64_t z_size, const BaseOf& base_of) {
  for (const std::int64_t dimension : {axes.across, axes.down})
    require(dimension >= 0 && dimension < z_size, "traversal: unknown latent dimension {}; expected 0 to {}", dimension,
            z_size - 1);
  require(axes.across != axes.down, "traversal: two different dimensions are wanted, not {} twice", axes.across);
  Latents all(std::ssize(axes.x) * std::ssize(axes.y), z_size);
  std::int64_t cell = 0;
  for (const float y : axes.y)
    for (const float x : axes.x) {
      const auto row = all.row(cell);
      std::ranges::copy(base_of(cell), row.begin());
      row[static_cast<std::size_t>(axes.across)] = x;
      row[static_cast<std::size_t>(axes.down)] = y;
      ++cell;
    }
  return all;
}

// One dimension of a prior: a mixture of normal distributions.
struct Marginal {
  Marginal(const FittedPrior& prior, std::int64_t dimension)
      : means(static_cast<std::size_t>(components_of(prior))), deviations(means.size()), weights(means.size(), 1) {
    const auto z_size = static_cast<std::size_t>(size_of(prior)), d = static_cast<std::size_t>(dimension);
    double variance = 0;
    for (std::size_t j = 0; j <= d; ++j) variance += std::pow(prior.factor[d * z_size + j], 2);
    double sum = 0;
    for (std::size_t k = 0; k < means.size(); ++k) {
      means[k] = prior.mean[k * z_size + d];
      deviations[k] = std::sqrt(variance) * (prior.scale.empty() ? 1 : prior.scale[k]);
      if (!prior.weight.empty()) weights[k] = prior.weight[k];
      sum += weights[k];
    }
    for (double& weight : weights) weight /= sum;
  }
  // The probability of a smaller value.
  [[nodiscard]] double below(double value) const {
    double sum = 0;
    for (std::size_t k = 0; k < means.size(); ++k)
      sum += weights[k] * 0.5 * std::erfc((means[k] - value) / deviations[k] / std::numbers::sqrt2);
    return sum;
  }
  // By bisection between the quantiles of the components.
  [[nodiscard]] double quantile(double p) const {
    double low = INFINITY, high = -INFINITY;
    for (std::size_t k = 0; k < means.size(); ++k) {
      const double value = means[k] + deviations[k] * normal_quantile(p);
      low = std::min(low, value);
      high = std::max(high, value);
    }
    for (int i = 0; i < 60; ++i) {
      const double middle = (low + high) / 2;
      (below(middle) < p ? low : high) = middle;
    }
    return (low + high) / 2;
  }

  std::vector<double> means, deviations, weights;
};

}  // namespace

double normal_quantile(double p) {
  require(p > 0 && p < 1, "normal quantile: {} is not between 0 and 1", p);
  if (p < 0.5) return -normal_quantile(1 - p);
  // Newton's method on Φ, which is concave right of zero: the steps approach the root from the left and never pass it.
  double x = 0;
  for (int i = 0; i < 200; ++i) {
    const double missing = p - 0.5 * std::erfc(-x / std::numbers::sqrt2);
    const double density = std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    const double step = missing / density;
    if (!(step > 1e-15 * (1 + x))) break;
    x += step;
  }
  return x;
}

std::vector<float> quantile_grid(std::int64_t n, const FittedPrior* prior, std::int64_t dimension) {
  std::optional<Marginal> marginal;
  if (prior != nullptr) marginal.emplace(*prior, dimension);
  std::vector<float> grid;
  for (std::int64_t i = 0; i < n; ++i) {
    const double share = n > 1 ? static_cast<double>(i) / static_cast<double>(n - 1) : 0.5;
    const double p = kOuterShare + share * (1 - 2 * kOuterShare);
    grid.push_back(static_cast<float>(marginal ? marginal->quantile(p) : normal_quantile(p)));
  }
  return grid;
}

PlaneAxes plane_axes(std::int64_t across, std::int64_t down, std::int64_t n, const FittedPrior* prior) {
  return {.across = across, .down = down, .x = quantile_grid(n, prior, across), .y = quantile_grid(n, prior, down)};
}

Latents traversal_latents(const PlaneAxes& axes, std::span<const float> base) {
  return plane_latents(axes, std::ssize(base), [&](std::int64_t) { return base; });
}

Latents uniform_traversal_latents(const PlaneAxes& axes, std::int64_t z_size, std::uint64_t seed) {
  return plane_latents(
      axes, z_size, [&](std::int64_t cell) { return uniform_latent(z_size, seed, static_cast<std::uint64_t>(cell)); });
}

std::vector<float> uniform_latent(std::int64_t z_size, std::uint64_t seed, std::uint64_t number) {
  RandomStream random(seed, Purpose::kLatentPrior, 1, number);
  std::vector<float> z(static_cast<std::size_t>(z_size));
  for (float& value : z) value = random.uniform();
  return z;
}

Latents closed_walk(const Latents& stations, std::int64_t steps) {
  const std::int64_t n = stations.count();
  if (n < 2) return stations;
  Latents walk(0, stations.z_size);
  for (std::int64_t i = 0; i < n; ++i) {
    const Latents leg = interpolate_latents(stations.row(i), stations.row((i + 1) % n), steps + 1);
    walk.values.insert(walk.values.end(), leg.values.begin(), leg.values.end() - stations.z_size);
  }
  return walk;
}

}  // namespace limn::models
