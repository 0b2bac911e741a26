#include "limn/kernels/precision.hpp"

#include "limn/kernels/products/gemm_backend.hpp"

namespace limn::kernels {

bool has_bf16() { return onednn_has_bf16(); }

}  // namespace limn::kernels
