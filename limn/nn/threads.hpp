// The threads of training: those of our kernels and those of LibTorch's own operations. No LibTorch in this header.
#pragma once

namespace limn::nn {

// `count` threads for both; 0 means kernels::default_thread_count(). LibTorch's flush denormals to zero as ours do.
// For the process; call before training starts.
void set_thread_count(int count);

}  // namespace limn::nn
