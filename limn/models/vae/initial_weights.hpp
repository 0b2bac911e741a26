// How the tensors of a VAE start. Reentrant.
#pragma once

#include "limn/models/initial_weights.hpp"
#include "limn/models/vae/tensors.hpp"

namespace limn::models {

// The rule for one tensor of vae_parameters(options) or vae_buffers(options), options resolved. As PyTorch's layers:
// weights and biases uniform within ±1/sqrt(fan-in), where the fan-in is the product of all dimensions of the layer's
// weight but the first. A batch normalisation starts with scale 1, shift 0, running mean 0 and running variance 1.
// Throws Error for a name that is not in those lists.
[[nodiscard]] InitialValues initial_values(const VaeOptions& options, const kernels::ParameterSpec& spec);

}  // namespace limn::models
