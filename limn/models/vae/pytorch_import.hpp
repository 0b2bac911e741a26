// VAEs of the PyTorch tutorials, from the tensors of their state_dict(). Two kinds can be expressed:
//
// dense: one hidden layer each way with a ReLU behind it, and a sigmoid at the end: pytorch/examples (fc1, fc21, fc22,
//   fc3, fc4) and the many that name these layers otherwise. The layers are told by their shapes, μ and log σ² by
//   their names. Both may also be halves of one layer, μ first.
// convolutional: two nn.Sequential, encoder and decoder, with the layers of conv40 or conv20 (vae/tensors.hpp).
//
// The file does not tell activations: ReLU, or the LeakyReLU and batch normalisation of conv40, are taken for granted.
// Files are hostile: every shape is checked against the others.
#pragma once

#include "limn/core/safetensors.hpp"
#include "limn/models/checkpoint.hpp"

namespace limn::models {

// Whether the names are those of such a model for certain.
[[nodiscard]] bool is_pytorch_vae(const SafetensorsFile& file);

// Throws Error naming the file, and the layer that limn's VAE cannot express and why.
[[nodiscard]] Checkpoint import_pytorch_vae(const SafetensorsFile& file);

}  // namespace limn::models
