// Matrix products of the models. PackedWeights multiplies activations with weights that are packed once for many
// products. weight_gradients() sums the gradient of weights over all rows of a batch. Matrices may be given in parts
// that lie side by side along the summed dimension, so that [h, x] needs no copy. Backends: oneDNN where it was found
// and the CPU has AVX-512 or AMX, else our own on Highway. With our own, an element of a result depends only on its
// row and column, never on the number of threads or on the other rows. With oneDNN it also depends on the number of
// rows that are multiplied at once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "limn/core/matrix.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/precision.hpp"

namespace limn::kernels {

enum class GemmBackend { kAutomatic, kPortable, kOneDnn };

// Whether this build has oneDNN.
[[nodiscard]] bool has_onednn();
// For tests and benchmarks: what is packed or multiplied from now on uses `backend`. Throws Error for kOneDnn
// in a build without it. Not while products run.
void set_gemm_backend(GemmBackend backend);
// kPortable or kOneDnn, never kAutomatic.
[[nodiscard]] GemmBackend gemm_backend();

// The number of slices into which work on `batch` rows is cut; threads do slices without waiting for each other. With
// our own products it is one for each thread. oneDNN's sums may depend on the number of rows: with it the number
// depends on the batch alone, so that results do not depend on the number of threads.
[[nodiscard]] std::int64_t batch_slices(std::int64_t batch);

// Working memory of one thread for its products.
struct GemmScratch {
  AlignedBuffer<float> a;
  AlignedBuffer<float> c;
  AlignedBuffer<std::uint16_t> a_bf16;
  AlignedBuffer<std::uint8_t> library;
};

// The order of a weight matrix's parts in memory.
enum class WeightLayout {
  kOutputMajor,  // [N, K_i] as PyTorch keeps them, side by side: C = A · [W_1 W_2 …]ᵀ
  kInputMajor,   // [K_i, N], one below the other: C = A · [W_1; W_2; …]
};

// A weight matrix B [K, N] in the order in which the kernels read it. Immutable between calls of pack(), so
// any number of threads may multiply with it.
class PackedWeights {
 public:
  PackedWeights();
  ~PackedWeights();
  PackedWeights(PackedWeights&&) noexcept;
  PackedWeights& operator=(PackedWeights&&) noexcept;

  // Uses the pool of parallel.hpp. kBFloat16 rounds the weights (and later A) to bf16, kBFloat16Weights the weights
  // alone; sums are float32.
  // kPortable makes a row's result independent of the rows beside it on every CPU; kAutomatic: gemm_backend().
  void pack(std::span<const ConstMatrix> parts, WeightLayout layout, Precision precision = Precision::kFloat32,
            GemmBackend backend = GemmBackend::kAutomatic);
  void pack(ConstMatrix weights, WeightLayout layout, Precision precision = Precision::kFloat32,
            GemmBackend backend = GemmBackend::kAutomatic);

  // C [M, N] = init + [A_1 A_2 …] · B on the calling thread. `init` is [M, N] (a row stride of 0 repeats one
  // row; it may be C itself) or empty, which means zero. The A_i [M, K_i] may be cut differently from the
  // parts of B.
  void multiply(std::span<const ConstMatrix> a, ConstMatrix init, Matrix c, GemmScratch& scratch) const;
  void multiply(ConstMatrix a, ConstMatrix init, Matrix c, GemmScratch& scratch) const;
  // The same for columns [first, last) of B and C only; `first` must be a multiple of column_step().
  void multiply_columns(std::span<const ConstMatrix> a, ConstMatrix init, Matrix c, std::int64_t first,
                        std::int64_t last, GemmScratch& scratch) const;
  [[nodiscard]] std::int64_t column_step() const;

  [[nodiscard]] std::int64_t depth() const;    // K
  [[nodiscard]] std::int64_t columns() const;  // N

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

// Of a product [m, k] · [k, n]: 2 for a multiply-add. For parallel_for().
[[nodiscard]] constexpr double product_operations(std::int64_t m, std::int64_t n, std::int64_t k) {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

// C = init + A · B with many rows, divided over the pool.
void multiply_parallel(const PackedWeights& weights, ConstMatrix a, ConstMatrix init, Matrix c);

// One part of a weight_gradients() call: out [N, K_i] = (or +=) Σ_r d[r, ·]ᵀ · a[rows[r], ·].
struct WeightGradient {
  ConstMatrix a;                       // [R or more, K_i]
  const std::int32_t* rows = nullptr;  // R row numbers of a; null means 0 … R-1
  Matrix out;                          // [N, K_i]
};

// The gradients of weights that met inputs a_i with output gradients d [R, N]: one product for all parts,
// divided over the pool by elements of the result, never along R. With `accumulate` they are added to what
// `out` holds.
void weight_gradients(ConstMatrix d, std::span<const WeightGradient> parts, bool accumulate = false,
                      Precision precision = Precision::kFloat32);

}  // namespace limn::kernels
