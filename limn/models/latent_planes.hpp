// Latent vectors on planes through latent space, for pictures that show what its dimensions mean (docs/papers/vae.md
// "Manifold and traversal"): the manifold of a two-dimensional space and traversals of two dimensions of any. Plain
// functions on values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "limn/models/latent.hpp"

namespace limn::models {

// Φ⁻¹(p) of the standard normal, p in (0, 1), to rounding of double.
[[nodiscard]] double normal_quantile(double p);

// Φ⁻¹ of n even points in [0.05, 0.95]: equal shares of the prior lie between neighbours. One point is 0.
[[nodiscard]] std::vector<float> quantile_grid(std::int64_t n);

// n x n vectors of two numbers, row after row: the first number grows to the right, the second downwards.
[[nodiscard]] Latents manifold_latents(std::int64_t n);

// n x n vectors that share all dimensions but two.
struct TraversalPlane {
  std::int64_t across = 0;      // the dimension that grows to the right
  std::int64_t down = 1;        // the one that grows downwards
  std::span<const float> base;  // [Z]: the others
};
// Throws Error for dimensions that the base does not have, or one twice.
[[nodiscard]] Latents traversal_latents(const TraversalPlane& plane, std::int64_t n);

// Z numbers uniform in [0, 1), a pure function of the seed and the number of the vector: a base that belongs to no
// image.
[[nodiscard]] std::vector<float> uniform_latent(std::int64_t z_size, std::uint64_t seed, std::uint64_t number = 0);

// The same plane whose other dimensions are uniform_latent(z_size, seed, i) in cell i = 0, 1, …, row after row.
[[nodiscard]] Latents uniform_traversal_latents(std::int64_t across, std::int64_t down, std::int64_t z_size,
                                                std::uint64_t seed, std::int64_t n);

// A walk from each vector to the next and from the last to the first, `steps` points a leg, without the end of the last
// leg, so that it loops. One vector stays as it is.
[[nodiscard]] Latents closed_walk(const Latents& stations, std::int64_t steps);

}  // namespace limn::models
