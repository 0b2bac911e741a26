// The tensors of a PyTorch model, whatever file they are in: what the readers of single models have in common.
#pragma once

#include <filesystem>

#include "limn/core/safetensors.hpp"

namespace limn::models {

// The state_dict() in a safetensors file or in one of torch.save() (.pth, .pt; limn/arrays/pytorch_file.hpp), by the
// names of the model: prefixes of wrappers, as "module." and "_orig_mod.", are taken off where all names have them. Of
// a folder its encoder and its decoder (.pth, .pt or .safetensors), as labml saves them, with "encoder." and "decoder."
// in front of their names. Throws Error naming the file.
[[nodiscard]] SafetensorsFile read_state_dict(const std::filesystem::path& path);

// The same of a file that is read already.
[[nodiscard]] SafetensorsFile without_wrappers(SafetensorsFile file);

}  // namespace limn::models
