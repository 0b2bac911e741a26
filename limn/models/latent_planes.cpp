#include "limn/models/latent_planes.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"

namespace limn::models {
namespace {

constexpr double kOuterShare = 0.05;

// n x n vectors: those that `base_of(cell)` gives, with two numbers of the grid.
template <class BaseOf>
Latents plane_latents(std::int64_t across, std::int64_t down, std::int64_t z_size, std::int64_t n,
                      const BaseOf& base_of) {
  for (const std::int64_t dimension : {across, down})
    require(dimension >= 0 && dimension < z_size, "traversal: unknown latent dimension {}; expected 0 to {}", dimension,
            z_size - 1);
  require(across != down, "traversal: two different dimensions are wanted, not {} twice", across);
  const std::vector<float> grid = quantile_grid(n);
  Latents all(n * n, z_size);
  for (std::int64_t i = 0; i < n * n; ++i) {
    const auto row = all.row(i);
    std::ranges::copy(base_of(i), row.begin());
    row[static_cast<std::size_t>(across)] = grid[static_cast<std::size_t>(i % n)];
    row[static_cast<std::size_t>(down)] = grid[static_cast<std::size_t>(i / n)];
  }
  return all;
}

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

std::vector<float> quantile_grid(std::int64_t n) {
  std::vector<float> grid;
  for (std::int64_t i = 0; i < n; ++i) {
    const double share = n > 1 ? static_cast<double>(i) / static_cast<double>(n - 1) : 0.5;
    grid.push_back(static_cast<float>(normal_quantile(kOuterShare + share * (1 - 2 * kOuterShare))));
  }
  return grid;
}

Latents manifold_latents(std::int64_t n) {
  const std::vector<float> base(2);
  return traversal_latents({.across = 0, .down = 1, .base = base}, n);
}

Latents traversal_latents(const TraversalPlane& plane, std::int64_t n) {
  return plane_latents(plane.across, plane.down, std::ssize(plane.base), n,
                       [&](std::int64_t) { return std::vector<float>(plane.base.begin(), plane.base.end()); });
}

Latents uniform_traversal_latents(std::int64_t across, std::int64_t down, std::int64_t z_size, std::uint64_t seed,
                                  std::int64_t n) {
  return plane_latents(across, down, z_size, n, [&](std::int64_t cell) {
    return uniform_latent(z_size, seed, static_cast<std::uint64_t>(cell));
  });
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
