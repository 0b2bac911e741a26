// A complete family of models in one file, as docs/adding-a-model.md describes one: a Gaussian for each pixel of an
// image, p(x) = N(x; m, σ²) with σ = e^s. Its latent vector is the noise, z = (x − m) / σ.
#pragma once

#include "limn/models/registry.hpp"

namespace limn::testing {

[[nodiscard]] models::Family toy_family();

}  // namespace limn::testing
