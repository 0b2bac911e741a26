// The parts of LibTorch that this room uses: tensors, their operations and gradients. <torch/torch.h> also holds its
// layers, optimisers, data loaders and scripts, and takes the compiler several times as long.
#pragma once

#include <torch/autograd.h>
#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/utils.h>
#include <torch/version.h>
