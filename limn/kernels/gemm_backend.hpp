// What a backend of gemm.hpp provides. Internal to the room.
#pragma once

#include <memory>
#include <span>

#include "limn/kernels/gemm.hpp"

namespace limn::kernels {

class PackedWeights::Impl {
 public:
  virtual ~Impl() = default;
  virtual void multiply(std::span<const ConstMatrix> a, ConstMatrix init, Matrix c, std::int64_t first,
                        std::int64_t last, GemmScratch& scratch) const = 0;
  [[nodiscard]] virtual std::int64_t column_step() const = 0;
  std::int64_t total_depth = 0;    // K
  std::int64_t total_columns = 0;  // N
};

// Element (k, n) of B for parts in either layout: where a run of K or N within a part begins.
struct WeightParts {
  std::span<const ConstMatrix> parts;
  WeightLayout layout;

  [[nodiscard]] std::int64_t depth_of(const ConstMatrix& part) const {
    return layout == WeightLayout::kOutputMajor ? part.columns : part.rows;
  }
  [[nodiscard]] std::int64_t columns_of(const ConstMatrix& part) const {
    return layout == WeightLayout::kOutputMajor ? part.rows : part.columns;
  }
  [[nodiscard]] float at(const ConstMatrix& part, std::int64_t k, std::int64_t n) const {
    return layout == WeightLayout::kOutputMajor ? part(n, k) : part(k, n);
  }
};

[[nodiscard]] std::unique_ptr<PackedWeights::Impl> pack_portable(const WeightParts& weights,
                                                                 std::int64_t depth, std::int64_t columns,
                                                                 Precision precision);
void weight_gradients_portable(ConstMatrix d, std::span<const WeightGradient> parts, bool accumulate,
                               Precision precision);

// Both throw Error in a build without oneDNN.
[[nodiscard]] std::unique_ptr<PackedWeights::Impl> pack_onednn(const WeightParts& weights, std::int64_t depth,
                                                               std::int64_t columns, Precision precision);
void weight_gradients_onednn(ConstMatrix d, std::span<const WeightGradient> parts, bool accumulate,
                             Precision precision);
// Whether oneDNN is there and the CPU is one on which it is the faster backend; whether it multiplies bf16.
[[nodiscard]] bool onednn_is_faster();
[[nodiscard]] bool onednn_has_bf16();

}  // namespace limn::kernels
