#include "limn/nn/threads.hpp"

#include <torch/torch.h>

#include "limn/kernels/parallel.hpp"

namespace limn::nn {

void set_thread_count(int count) {
  kernels::set_thread_count(count);
  at::globalContext().setFlushDenormal(true);  // threads that start later inherit it
  at::set_num_threads(kernels::thread_count());
}

}  // namespace limn::nn
