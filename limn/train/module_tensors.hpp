// A LibTorch module's tensors as the trainer sees them. Needs LibTorch; for the tasks only.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "limn/train/task.hpp"

namespace limn {

// Views of the module's parameters, by their full names, each with a gradient that is kept at one address.
[[nodiscard]] std::vector<TaskParameter> parameters_of(torch::nn::Module& module);
// Views of its buffers that hold float32 values; their gradients are empty.
[[nodiscard]] std::vector<TaskParameter> buffers_of(torch::nn::Module& module);

}  // namespace limn
