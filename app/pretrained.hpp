// The trained models that are part of the program: pretrained/*.safetensors of the source, put into it by
// cmake/LimnPretrained.cmake.
#pragma once

#include <vector>

#include "limn/models/registry.hpp"

namespace limn::app {

// In the order in which they are listed. One whose file was not there when limn was built has no bytes.
[[nodiscard]] std::vector<models::BuiltinModel> pretrained_models();

}  // namespace limn::app
