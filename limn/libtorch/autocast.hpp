// Products of matrices in bf16 for as long as one lives (--precision bf16). LibTorch keeps sums, losses and
// normalisation in float32.
#pragma once

#include <ATen/autocast_mode.h>

#include "limn/libtorch/torch.hpp"

namespace limn::libtorch {

class Autocast {
 public:
  Autocast(const torch::Device& device, bool is_on) : device_(device), is_on_(is_on) {
    if (is_on_) set(true);
  }
  ~Autocast() {
    if (!is_on_) return;
    set(false);
    at::autocast::clear_cache();
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  void set(bool is_on) const {
#if TORCH_VERSION_MAJOR >= 2
    at::autocast::set_autocast_dtype(device_.type(), at::kBFloat16);
    at::autocast::set_autocast_enabled(device_.type(), is_on);
#else
    if (device_.is_cpu()) {
      at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
      at::autocast::set_cpu_enabled(is_on);
    } else {
      at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
      at::autocast::set_enabled(is_on);
    }
#endif
  }

  torch::Device device_;
  bool is_on_;
};

}  // namespace limn::libtorch
