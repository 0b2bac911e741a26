// Several processes over LibTorch's c10d and Gloo.
#pragma once

#include "limn/libtorch/torch.hpp"
#include "limn/train/libtorch_api.hpp"

namespace limn::libtorch {

// Fills in the functions of Api that begin with group_.
void add_process_groups(Api& api);

// Processes of the group.
[[nodiscard]] int size_of(const Group& group);
// Adds a tensor up over the processes, in place: over NCCL where it is on CUDA and this build has NCCL, else over Gloo.
// Throws Error naming the processes that are gone.
void sum_over(Group& group, torch::Tensor& tensor);

}  // namespace limn::libtorch
