// The precision of matrix products. A value; any thread.
#pragma once

namespace limn::kernels {

enum class Precision {
  kFloat32,
  kBFloat16,         // both factors rounded to bf16
  kBFloat16Weights,  // the weights alone, kept in 16 bits; with our own products
};

// Whether this CPU multiplies bf16 natively. Where not, kBFloat16 rounds the factors of each product to bf16 and
// multiplies them in float32: the same numbers but for the order of the sums, and no gain in time.
[[nodiscard]] bool has_bf16();

}  // namespace limn::kernels
