// The tensors of a DRAW model: how they start. Reentrant.
#pragma once

#include "limn/models/draw/options.hpp"
#include "limn/models/initial_weights.hpp"

namespace limn {

// The rule for one tensor of draw_parameters(): W_hh orthogonal, every other matrix Glorot, forget gates 1; other
// biases, the states and the canvas 0. Heads of zeros stand for a window over the whole image: g̃ = 0, δ̃ = σ² = γ = 1.
// Throws Error for a name that is not in that list.
[[nodiscard]] InitialValues initial_values(const DrawOptions& options, const kernels::ParameterSpec& spec);

}  // namespace limn
