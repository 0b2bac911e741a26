// Points of the latent space: from the prior, on the way between two drawings, on a grid between four. Plain
// functions on values; latent arithmetic (z_a - z_b + z_c) is the caller's + and -.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/core/matrix.hpp"

namespace limn::models {

// n latent vectors of Z numbers each, one after the other.
struct Latents {
  std::int64_t z_size = 0;
  std::vector<float> values;  // [n, Z]

  Latents() = default;
  Latents(std::int64_t count, std::int64_t size) : z_size(size), values(static_cast<std::size_t>(count * size)) {}
  [[nodiscard]] std::int64_t count() const;
  // Without a latent space (Z = 0) every row is empty.
  [[nodiscard]] std::span<const float> row(std::int64_t i) const;
  [[nodiscard]] std::span<float> row(std::int64_t i);
};

// The posteriors of n sketches: z ~ N(mu, exp(log_variance)), both [n, Z].
struct LatentPosterior {
  Latents mu;
  Latents log_variance;
};
// From rows [n, 2Z] of mu, then log_variance.
[[nodiscard]] LatentPosterior posterior_of(ConstMatrix rows);
// The sum of the KL divergences of all rows from N(0, I), in nats.
[[nodiscard]] double posterior_kl(const LatentPosterior& posterior);

// The point at t in [0, 1] on the great arc from `a` to `b` (Shoemake 1985), on the straight line where they
// are nearly parallel or one is zero. Exactly `a` at 0 and `b` at 1. Both of one length, or Error.
[[nodiscard]] std::vector<float> slerp(std::span<const float> a, std::span<const float> b, float t);

// `steps` >= 2 points from `a` to `b`, both ends among them.
[[nodiscard]] Latents interpolate_latents(std::span<const float> a, std::span<const float> b, std::int64_t steps);

struct LatentCorners {
  std::span<const float> top_left;
  std::span<const float> top_right;
  std::span<const float> bottom_left;
  std::span<const float> bottom_right;
};
// rows x columns points between four, row after row; spherical along each row's ends first, then along the
// row.
[[nodiscard]] Latents latent_grid(const LatentCorners& corners, std::int64_t rows, std::int64_t columns);

// z ~ N(0, I): row i is a pure function of (seed, first_index + i).
[[nodiscard]] Latents prior_latents(std::int64_t count, std::int64_t z_size, std::uint64_t seed,
                                    std::uint64_t first_index = 0);

// z = mu + exp(log_variance / 2) ⊙ ε, where the ε of row i is a pure function of (seed, indices[i]), or of
// (seed, i) where `indices` is empty. What evaluation uses.
[[nodiscard]] Latents posterior_latents(const LatentPosterior& posterior, std::uint64_t seed,
                                        std::span<const std::int64_t> indices = {});

// log q(z) of each row of z under a posterior of one sketch, in nats.
[[nodiscard]] std::vector<double> log_density(const LatentPosterior& posterior, const Latents& z);

// The same rows, each in the place of another: a random cyclic permutation (Sattolo 1986), a function of the seed. Of
// one row itself.
[[nodiscard]] Latents shuffled(const Latents& z, std::uint64_t seed);

}  // namespace limn::models
