// The threads of training. No LibTorch in this header.
#pragma once

namespace limn::nn {

// `count` threads for our kernels, 0 meaning kernels::default_thread_count(); one for LibTorch's own operations, which
// flush denormals to zero as ours do. For the process; call before training starts.
void set_thread_count(int count);

}  // namespace limn::nn
