// The initial values of parameters by the kind of tensor (MODELS.md §3), drawn from (seed, the tensor's name), so
// that adding a tensor to a model does not change the others.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>

namespace limn {

// Fills every parameter of a Sketch-RNN by its name: W_ih uniform (Glorot), W_hh orthogonal per gate, biases 0 with
// +1 for the forget gate (in beta for layer-norm cells), gammas 1, W_μ, W_σ, W_z normal(0, 0.001), hyper cells as
// MODELS.md §3 says. Throws Error for a name that it does not know.
void initialize_sketch_rnn(torch::nn::Module& module, std::uint64_t seed);

// Fills every parameter as PyTorch's layers start: weights of two dimensions and more, and their biases, uniform within
// ±1/√fan-in (fan-in is the product of all dimensions but the first), scales of a normalisation 1 and its shifts 0.
void initialize_layers(torch::nn::Module& module, std::uint64_t seed);

}  // namespace limn
