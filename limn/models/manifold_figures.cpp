#include "limn/models/manifold_figures.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "limn/core/error.hpp"

namespace limn::models {
namespace {

// Of every example of a set: the radii of the two balls around it.
struct Balls {
  std::vector<float> precision, coverage;
};

Balls balls_of(std::span<const float> distances, std::int64_t n) {
  Balls balls;
  std::vector<float> others;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto row = distances.subspan(static_cast<std::size_t>(i * n), static_cast<std::size_t>(n));
    others.assign(row.begin(), row.end());
    others.erase(others.begin() + i);
    std::ranges::nth_element(others, others.begin() + kPrecisionNeighbours - 1);
    balls.precision.push_back(others[kPrecisionNeighbours - 1]);
    std::ranges::nth_element(others, others.begin() + kCoverageNeighbours - 1);
    balls.coverage.push_back(others[kCoverageNeighbours - 1]);
  }
  return balls;
}

bool is_within(float distance, float radius) { return std::isfinite(distance) && distance <= radius; }

}  // namespace

ManifoldFigures manifold_figures(const PairDistances& distances) {
  const std::int64_t n = distances.n;
  require(n >= kFewestCompared, "{} drawings are compared, expected at least {}", n, kFewestCompared);
  for (const auto* part : {&distances.real, &distances.generated, &distances.across})
    require(std::ssize(*part) == n * n, "{} distances between {} drawings, expected {}", part->size(), n, n * n);
  const Balls real = balls_of(distances.real, n), generated = balls_of(distances.generated, n);
  std::vector<bool> is_precise(static_cast<std::size_t>(n));
  std::int64_t recalled = 0, covered = 0, within = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    bool is_recalled = false, is_covered = false;
    for (std::size_t j = 0; j < static_cast<std::size_t>(n); ++j) {
      const float distance = distances.across[i * static_cast<std::size_t>(n) + j];
      if (is_within(distance, real.precision[i])) is_precise[j] = true;
      if (is_within(distance, generated.precision[j])) is_recalled = true;
      if (!is_within(distance, real.coverage[i])) continue;
      is_covered = true;
      ++within;
    }
    recalled += is_recalled ? 1 : 0;
    covered += is_covered ? 1 : 0;
  }
  const std::int64_t precise = std::ranges::count(is_precise, true);
  const auto share = [n](std::int64_t count) { return static_cast<double>(count) / static_cast<double>(n); };
  return {.precision = share(precise),
          .recall = share(recalled),
          .density = share(within) / static_cast<double>(kCoverageNeighbours),
          .coverage = share(covered)};
}

}  // namespace limn::models
