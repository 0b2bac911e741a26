#include "limn/kernels/products/gemm.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>

#include "limn/core/error.hpp"
#include "limn/kernels/products/gemm_backend.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::kernels {
namespace {

std::atomic<GemmBackend> chosen_backend{GemmBackend::kAutomatic};     // by set_gemm_backend()
std::atomic<GemmBackend> preferred_backend{GemmBackend::kAutomatic};  // where none is chosen

// With oneDNN: slices of two of AMX's tiles, or of one where otherwise four threads would not all have work.
std::int64_t onednn_slices(std::int64_t batch) {
  constexpr std::int64_t kTileRows = 16, kThreads = 4;
  const auto slices_of = [&](std::int64_t rows) { return (batch + rows - 1) / rows; };
  return std::max(slices_of(2 * kTileRows), std::min(kThreads, slices_of(kTileRows)));
}

// Without instructions for bf16 oneDNN brings no gain for it.
bool uses_onednn(GemmBackend backend, Precision precision) {
  return backend == GemmBackend::kOneDnn &&
         (precision == Precision::kFloat32 || (precision == Precision::kBFloat16 && has_bf16()));
}

void fill_from_init(ConstMatrix init, Matrix c, std::int64_t first, std::int64_t last) {
  for (std::int64_t r = 0; r < c.rows; ++r) {
    for (std::int64_t n = first; n < last; ++n) c(r, n) = init.data ? init(r, n) : 0.0f;
  }
}

}  // namespace

void set_gemm_backend(GemmBackend backend) {
  require(backend != GemmBackend::kOneDnn || has_onednn(), "gemm: this build has no oneDNN; use the portable backend");
  chosen_backend.store(backend);
}

void prefer_gemm_backend(GemmBackend backend) { preferred_backend.store(backend); }

GemmBackend gemm_backend() {
  for (const GemmBackend backend : {chosen_backend.load(), preferred_backend.load()})
    if (backend != GemmBackend::kAutomatic) return backend;
  return onednn_is_faster() ? GemmBackend::kOneDnn : GemmBackend::kPortable;
}

std::int64_t batch_slices(std::int64_t batch) {
  return gemm_backend() == GemmBackend::kOneDnn ? onednn_slices(batch) : std::min<std::int64_t>(thread_count(), batch);
}

PackedWeights::PackedWeights() = default;
PackedWeights::~PackedWeights() = default;
PackedWeights::PackedWeights(PackedWeights&&) noexcept = default;
PackedWeights& PackedWeights::operator=(PackedWeights&&) noexcept = default;

void PackedWeights::pack(std::span<const ConstMatrix> parts, WeightLayout layout, Precision precision,
                         GemmBackend backend) {
  assert(!parts.empty());
  const WeightParts weights{parts, layout};
  const std::int64_t columns = weights.columns_of(parts.front());
  std::int64_t depth = 0;
  for (const ConstMatrix& part : parts) {
    assert(weights.columns_of(part) == columns);
    depth += weights.depth_of(part);
  }
  const GemmBackend chosen = backend == GemmBackend::kAutomatic ? gemm_backend() : backend;
  impl_ = uses_onednn(chosen, precision) ? pack_onednn(weights, depth, columns, precision)
                                         : pack_portable(weights, depth, columns, precision);
  impl_->total_depth = depth;
  impl_->total_columns = columns;
}

void PackedWeights::pack(ConstMatrix weights, WeightLayout layout, Precision precision, GemmBackend backend) {
  pack(std::span(&weights, 1), layout, precision, backend);
}

void PackedWeights::multiply_columns(std::span<const ConstMatrix> a, ConstMatrix init, Matrix c, std::int64_t first,
                                     std::int64_t last, GemmScratch& scratch) const {
  assert(impl_ && c.columns == impl_->total_columns && first % impl_->column_step() == 0);
  assert(!init.data || (init.rows >= c.rows && init.columns == c.columns));
  if (c.rows == 0 || first >= last) return;
  if (impl_->total_depth == 0) return fill_from_init(init, c, first, last);
  impl_->multiply(a, init, c, first, last, scratch);
}

void PackedWeights::multiply(std::span<const ConstMatrix> a, ConstMatrix init, Matrix c, GemmScratch& scratch) const {
  multiply_columns(a, init, c, 0, columns(), scratch);
}

void PackedWeights::multiply(ConstMatrix a, ConstMatrix init, Matrix c, GemmScratch& scratch) const {
  multiply(std::span(&a, 1), init, c, scratch);
}

std::int64_t PackedWeights::column_step() const { return impl_->column_step(); }
std::int64_t PackedWeights::depth() const { return impl_->total_depth; }
std::int64_t PackedWeights::columns() const { return impl_->total_columns; }

void multiply_parallel(const PackedWeights& weights, ConstMatrix a, ConstMatrix init, Matrix c) {
  constexpr std::int64_t kRowsAtOnce = 192;
  const std::int64_t tasks = (c.rows + kRowsAtOnce - 1) / kRowsAtOnce;
  const auto multiply_rows = [&](std::int64_t task) {
    GemmScratch scratch;
    const std::int64_t first = task * kRowsAtOnce, count = std::min(kRowsAtOnce, c.rows - first);
    weights.multiply(a.slice_rows(first, count), init.data ? init.slice_rows(first, count) : init,
                     c.slice_rows(first, count), scratch);
  };
  parallel_for(tasks, multiply_rows, product_operations(c.rows, weights.columns(), weights.depth()));
}

void weight_gradients(ConstMatrix d, std::span<const WeightGradient> parts, bool accumulate, Precision precision) {
  if (uses_onednn(gemm_backend(), precision)) {
    weight_gradients_onednn(d, parts, accumulate, precision);
  } else {
    weight_gradients_portable(d, parts, accumulate, precision);
  }
}

}  // namespace limn::kernels
