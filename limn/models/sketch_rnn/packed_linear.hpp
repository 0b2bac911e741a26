// A layer y = x Wᵀ + b with weights packed for inference. Immutable after construction, so any number of
// threads may use one, each with its own scratch memory. A row's result does not depend on the others. The bias is
// kept; the weights are copied into their packed form.
#pragma once

#include <cstdint>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"

namespace limn::models {

class PackedLinear {
 public:
  PackedLinear() = default;  // no layer: only for models without one
  PackedLinear(const LinearWeights& weights, std::int64_t in,
               kernels::Precision precision = kernels::Precision::kFloat32);

  // x [B, in], y [B, out]. On the calling thread.
  void apply(ConstMatrix x, Matrix y, kernels::GemmScratch& scratch) const;
  [[nodiscard]] std::int64_t out() const { return static_cast<std::int64_t>(bias_.size()); }

 private:
  // The bias as the start of every row.
  [[nodiscard]] ConstMatrix bias_rows(std::int64_t count) const { return {bias_.data(), count, out(), 0}; }

  kernels::PackedWeights weights_;
  std::vector<float> bias_;
};

}  // namespace limn::models
