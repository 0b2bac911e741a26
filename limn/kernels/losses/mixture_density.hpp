// The output layer's loss (Ha & Eck 2017, eq. 3, 5, 6, 7, 9), forward and backward in one pass, in log space. Plain
// memory; rows are divided over the pool of parallel.hpp.
#pragma once

#include <cstdint>

#include "limn/core/matrix.hpp"

namespace limn::kernels {

// Columns of an output row y [3 + 6M], in this order everywhere: pen logits (down, lifted, end), then M each of
// pi logits, mu_x, mu_y, log sigma_x, log sigma_y, rho-hat.
inline constexpr std::int64_t kPenColumns = 3;
inline constexpr std::int64_t kMixtureColumns = 6;
[[nodiscard]] constexpr std::int64_t output_size(std::int64_t mixtures) {
  return kPenColumns + kMixtureColumns * mixtures;
}

struct MixtureDensitySums {
  double offset = 0;       // -Σ log( Σ_j π_j N(Δx, Δy | …) + floor ): L_s · N_max · B
  double pen = 0;          // -Σ_i Σ_k p_k log q_k: L_p · N_max · B in the training form
  double pen_drawing = 0;  // the same over rows that are not the end, without weights: the evaluation form
};

// What counts how much.
struct MixtureDensityTerms {
  double density_floor = 1e-6;  // added to the density
  // [R, 2]: of each row the factors of its offset and its pen term. Empty: a row whose p3 is 1 has no offset term, and
  // all others count once.
  ConstMatrix weights = {};
};

// outputs [R, 3 + 6M], targets [R, 5] in stroke-5. With `gradient` not empty ([R, 3 + 6M], may not alias outputs) it
// receives d(scale · (offset + pen)) / d outputs. Sums run in an order that does not depend on the number of threads.
[[nodiscard]] MixtureDensitySums mixture_density_loss(ConstMatrix outputs, ConstMatrix targets, float scale,
                                                      Matrix gradient = {}, const MixtureDensityTerms& terms = {});

}  // namespace limn::kernels
