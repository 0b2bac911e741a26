// Latent vectors for the endings of a drawing that is begun. The encoder was trained on whole drawings and misjudges
// beginnings, so a model with a fitted prior weighs latent vectors by how well they explain the points that are there.
// Plain functions.
#pragma once

#include <cstdint>

#include "limn/models/sketch_model.hpp"

namespace limn::models {

struct EndingOptions {
  std::int64_t count = 1;
  bool uses_prior = false;  // z from the prior whatever is drawn
  PriorKind prior = PriorKind::kUsual;
  std::uint64_t seed = 0;
};
// z of each ending of `given`, normalised: row i is a draw from p(z | given), a function of (seed, i). With a fitted
// prior p(z | given) ∝ p(z) p(given | z), by sampling-importance-resampling (Rubin 1988) with a tempered weight, which
// keeps the endings different. Without one it is the encoder's posterior. From the prior where that is asked for,
// nothing is drawn, or the model does not encode. Empty rows where the model has no latent space.
[[nodiscard]] Latents ending_latents(const SketchModel& model, const sketch::Sketch& given,
                                     const EndingOptions& options);

}  // namespace limn::models
