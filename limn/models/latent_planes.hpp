// Latent vectors on planes through latent space, for pictures that show what its dimensions mean (docs/papers/vae.md
// "Manifold and traversal"): the manifold of a two-dimensional space and traversals of two dimensions of any. Plain
// functions on values.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/models/fitted_prior.hpp"
#include "limn/models/latent.hpp"

namespace limn::models {

// Φ⁻¹(p) of the standard normal, p in (0, 1), to rounding of double.
[[nodiscard]] double normal_quantile(double p);

// The quantiles of n even points in [0.05, 0.95] of one dimension of the prior: equal shares lie between neighbours.
// One point is the median. Without a prior those of N(0, 1).
[[nodiscard]] std::vector<float> quantile_grid(std::int64_t n, const FittedPrior* prior = nullptr,
                                               std::int64_t dimension = 0);

// Two dimensions of a latent space with their values.
struct PlaneAxes {
  std::int64_t across = 0;  // the dimension that grows to the right
  std::int64_t down = 1;    // the one that grows downwards
  std::vector<float> x, y;  // their values
};
// n values each: quantile_grid() of the dimension.
[[nodiscard]] PlaneAxes plane_axes(std::int64_t across, std::int64_t down, std::int64_t n,
                                   const FittedPrior* prior = nullptr);

// A vector for each point of the plane, row after row; all have the other dimensions of the base [Z]. Throws Error for
// dimensions that the base does not have, or one twice.
[[nodiscard]] Latents traversal_latents(const PlaneAxes& axes, std::span<const float> base);

// Z numbers uniform in [0, 1), a pure function of the seed and the number of the vector: a base that belongs to no
// image.
[[nodiscard]] std::vector<float> uniform_latent(std::int64_t z_size, std::uint64_t seed, std::uint64_t number = 0);

// The same plane whose other dimensions are uniform_latent(z_size, seed, i) in cell i = 0, 1, …, row after row.
[[nodiscard]] Latents uniform_traversal_latents(const PlaneAxes& axes, std::int64_t z_size, std::uint64_t seed);

// A walk from each vector to the next and from the last to the first, `steps` points a leg, without the end of the last
// leg, so that it loops. One vector stays as it is.
[[nodiscard]] Latents closed_walk(const Latents& stations, std::int64_t steps);

}  // namespace limn::models
