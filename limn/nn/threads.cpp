#include "limn/nn/threads.hpp"

#include <torch/torch.h>

#include "limn/kernels/threads/parallel.hpp"

namespace limn::nn {

void set_thread_count(int count) {
  kernels::set_thread_count(count);
  at::globalContext().setFlushDenormal(true);
  // What LibTorch computes itself is a hundredth of a step, and its threads, which wait by spinning, would take the cores
  // from ours.
  at::set_num_threads(1);
}

}  // namespace limn::nn
