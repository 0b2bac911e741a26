// How the tensors of a Sketch-RNN start. Reentrant.
#pragma once

#include "limn/models/initial_weights.hpp"
#include "limn/models/sketch_rnn/options.hpp"

namespace limn::models {

// The rule for one tensor of sketch_rnn_parameters(options): W_ih and the output layer Glorot, W_hh orthogonal, forget
// gates 1 (in β where the cell has layer normalisation, as it removes a bias), W_μ, W_σ and W_z normal(0, 0.001), hyper
// cells as Ha, Dai & Le 2016, other biases 0 and gains 1. Throws Error for a name that is not in that list.
[[nodiscard]] InitialValues initial_values(const SketchRnnOptions& options, const kernels::ParameterSpec& spec);

}  // namespace limn::models
