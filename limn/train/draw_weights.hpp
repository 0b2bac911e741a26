// The initial values of DRAW's parameters (MODELS.md §3, §5), drawn from (seed, the tensor's name), so that adding a
// tensor to a model does not change the others.
#pragma once

#include <cstdint>
#include <span>

#include "limn/train/task.hpp"

namespace limn {

// W_ih and every other matrix uniform (Glorot & Bengio 2010, eq. 16), W_hh orthogonal per gate, biases, states and the
// canvas 0, forget gates 1. A window that the zeros stand for covers the whole image: g̃ = 0, δ̃ = σ² = γ = 1.
void initialize_draw(std::span<const TaskParameter> parameters, std::uint64_t seed);

}  // namespace limn
