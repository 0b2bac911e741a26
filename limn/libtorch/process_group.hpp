// Several processes over LibTorch's c10d and Gloo.
#pragma once

#include "limn/train/libtorch_api.hpp"

namespace limn::libtorch {

// Fills in the functions of Api that begin with group_.
void add_process_groups(Api& api);

}  // namespace limn::libtorch
