// The layer y = x Wᵀ + b, forward and backward, on plain memory. Weights are packed at each call, because training
// changes them in between. A LinearLayer keeps the packing memory: one thread at a time may use it, and inside it uses
// the pool of parallel.hpp. Results do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <span>

#include "limn/core/matrix.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/precision.hpp"
#include "limn/kernels/products/gemm.hpp"

namespace limn::kernels {

class LinearLayer {
 public:
  explicit LinearLayer(Precision precision = Precision::kFloat32) : precision_(precision) {}

  // y [B, out] = x Wᵀ + b, for x [B, in], weight [out, in] and bias [out].
  void forward(ConstMatrix weight, std::span<const float> bias, ConstMatrix x, Matrix y);
  // The gradients for dy = dL/dy [B, out], overwritten: dweight [out, in], dbias [out], and dx [B, in] unless it is
  // empty. `dy` and `dx` are different memory.
  void backward(ConstMatrix weight, ConstMatrix x, ConstMatrix dy, Matrix dweight, std::span<float> dbias, Matrix dx);

 private:
  Precision precision_;
  PackedWeights packed_;
  AlignedBuffer<float> ones_;
};

}  // namespace limn::kernels
