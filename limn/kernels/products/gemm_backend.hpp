// The interface of a backend of gemm.hpp. Internal to the room.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "limn/kernels/products/gemm.hpp"

namespace limn::kernels {

[[nodiscard]] constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

class PackedWeights::Impl {
 public:
  virtual ~Impl() = default;
  // As PackedWeights::multiply_columns(), for a depth above 0.
  virtual void multiply(std::span<const ConstMatrix> a, ConstMatrix init, Matrix c, std::int64_t first,
                        std::int64_t last, GemmScratch& scratch) const = 0;
  [[nodiscard]] virtual std::int64_t column_step() const = 0;
  std::int64_t total_depth = 0;    // K
  std::int64_t total_columns = 0;  // N
};

// The parts of B in either layout, and how many rows and columns of B each has.
struct WeightParts {
  std::span<const ConstMatrix> parts;
  WeightLayout layout;

  [[nodiscard]] std::int64_t depth_of(const ConstMatrix& part) const {
    return layout == WeightLayout::kOutputMajor ? part.columns : part.rows;
  }
  [[nodiscard]] std::int64_t columns_of(const ConstMatrix& part) const {
    return layout == WeightLayout::kOutputMajor ? part.rows : part.columns;
  }
};

[[nodiscard]] std::unique_ptr<PackedWeights::Impl> pack_portable(const WeightParts& weights, std::int64_t depth,
                                                                 std::int64_t columns, Precision precision);
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
// Lets oneDNN use no better instructions than our own kernels under LIMN_SIMD=simd. Before its first use.
void limit_onednn(const std::string& simd);

// The meaning of kAutomatic from now on; kAutomatic itself leaves it to the CPU.
void prefer_gemm_backend(GemmBackend backend);

}  // namespace limn::kernels
