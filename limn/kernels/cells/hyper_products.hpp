// The forward products of a hyper cell (docs/papers/cells.md, after Ha et al. 2016, arXiv 1609.09106), which whole
// sequences and single steps share. Internal to the room.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/kernels/cells/cell_tensors.hpp"
#include "limn/kernels/precision.hpp"
#include "limn/kernels/products/gemm.hpp"

namespace limn::kernels {

// The products of one step, packed. Rows are sequences. Immutable between calls of pack().
class HyperProducts {
 public:
  void pack(const CellShape& shape, const HyperTensors<const float>& tensors, Precision precision,
            GemmBackend backend = GemmBackend::kAutomatic);

  // Columns of `prepared`: W_ih z of the main cell [4H], then of the small cell [4U].
  [[nodiscard]] std::int64_t prepared_size() const;
  void prepare(ConstMatrix constant, Matrix prepared) const;

  // Pre-activations of the small cell [n, 4U] from the states before the step.
  void small_gates(ConstMatrix x, ConstMatrix h, ConstMatrix small_h, ConstMatrix prepared, Matrix out,
                   GemmScratch& scratch) const;
  // The embeddings [n, 12E] from the small cell's new state.
  void embed(ConstMatrix small_h, Matrix out, GemmScratch& scratch) const;
  // A role's scales, or its shifts plus the bias, [n, 4H].
  void scale(std::size_t role, ConstMatrix embeddings, Matrix out, GemmScratch& scratch) const;
  // W_ih [x; z] and W_hh h, [n, 4H].
  void from_x(ConstMatrix x, ConstMatrix prepared, Matrix out, GemmScratch& scratch) const;
  void from_h(ConstMatrix h, Matrix out, GemmScratch& scratch) const;

 private:
  CellShape shape_;
  PackedWeights small_, small_constant_, x_, h_, constant_;
  std::array<PackedWeights, kHyperRoles> embedding_;
  std::array<std::array<PackedWeights, kGates>, kHyperRoles> scale_;
  std::array<std::vector<float>, kHyperRoles> embedding_bias_;
  std::vector<float> bias_;
};

}  // namespace limn::kernels
