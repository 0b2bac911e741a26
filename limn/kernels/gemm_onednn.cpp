// The oneDNN backend of gemm.hpp, or its absence.
#include "limn/core/error.hpp"
#include "limn/kernels/gemm_backend.hpp"

namespace limn::kernels {

bool has_onednn() { return false; }
bool onednn_is_faster() { return false; }
bool onednn_has_bf16() { return false; }
std::unique_ptr<PackedWeights::Impl> pack_onednn(const WeightParts&, std::int64_t, std::int64_t, Precision) {
  fail("gemm: this build has no oneDNN; use the portable backend");
}
void weight_gradients_onednn(ConstMatrix, std::span<const WeightGradient>, bool, Precision) {
  fail("gemm: this build has no oneDNN; use the portable backend");
}

}  // namespace limn::kernels
