// The parameters of a hyper cell by name, and its forward products, which whole sequences and single steps
// share. MODELS.md §3, after Ha et al. 2016 (arXiv 1609.09106). Internal to the room.
#pragma once

#include <array>
#include <span>

#include "limn/kernels/products/gemm.hpp"
#include "limn/kernels/cells/layer_norm_rows.hpp"
#include "limn/kernels/cells/recurrent.hpp"

namespace limn::kernels {

// What the small cell's embeddings steer: the scale of W_ih x, the scale of W_hh h, and the shift.
enum HyperRole : std::size_t { kScaleX = 0, kScaleH = 1, kShift = 2 };
inline constexpr std::size_t kHyperRoles = 3;

// Views of the parameters (T = const float) or their gradients (T = float), given in the order of
// cell_parameters().
template <class T>
struct HyperTensors {
  HyperTensors(const CellShape& shape, std::span<const std::span<T>> all)
      : norm(all.subspan(3, 4)), small_norm(all.subspan(9, 4)) {
    const std::int64_t d = shape.input_size, z = shape.constant_size, h = shape.hidden_size;
    const std::int64_t u = shape.hyper_num_units, e = shape.hyper_embedding_size;
    const MatrixView<T> main(all[0], kGates * h, d + z), small(all[7], kGates * u, d + z + h);
    ih_x = main.slice_columns(0, d);
    ih_z = main.slice_columns(d, z);
    hh = {all[1], kGates * h, h};
    bias = all[2];
    small_x = small.slice_columns(0, d);
    small_z = small.slice_columns(d, z);
    small_h = small.slice_columns(d + z, h);
    small_hh = {all[8], kGates * u, u};
    embedding = {MatrixView<T>(all[13], kGates * e, u), MatrixView<T>(all[15], kGates * e, u),
                 MatrixView<T>(all[17], kGates * e, u)};
    embedding_bias = {all[14], all[16], std::span<T>()};
    scale = {MatrixView<T>(all[18], kGates * h, e), MatrixView<T>(all[19], kGates * h, e),
             MatrixView<T>(all[20], kGates * h, e)};
  }

  // Rows of `scale[role]` that belong to a gate: [H, E].
  [[nodiscard]] MatrixView<T> scale_of(std::size_t role, std::int64_t gate) const {
    const std::int64_t units = scale[role].rows / kGates;
    return scale[role].slice_rows(gate * units, units);
  }

  MatrixView<T> ih_x, ih_z, hh;                          // [4H, D], [4H, Z], [4H, H]
  MatrixView<T> small_x, small_z, small_h;               // [4U, D], [4U, Z], [4U, H]
  MatrixView<T> small_hh;                                // [4U, U]
  std::array<MatrixView<T>, kHyperRoles> embedding;      // [4E, U]
  std::array<MatrixView<T>, kHyperRoles> scale;          // [4H, E]
  std::array<std::span<T>, kHyperRoles> embedding_bias;  // [4E], the shift's is empty
  std::span<T> bias;                                     // [4H]
  std::span<const std::span<T>> norm, small_norm;        // gamma, beta, cell_gamma, cell_beta
};

[[nodiscard]] LayerNormWeights layer_norm_weights(std::span<const std::span<const float>> norm);

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
  // The embeddings [n, 12E] (role by role, in each gate by gate) from the small cell's new state.
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

// gates += scale_x ⊙ from_x + scale_h ⊙ from_h, all [count].
struct HyperCombineRow {
  std::int64_t count = 0;
  const float* scale_x = nullptr;
  const float* scale_h = nullptr;
  const float* from_x = nullptr;
  const float* from_h = nullptr;
  float* gates = nullptr;
};
void hyper_combine_row(const HyperCombineRow& row);

// The gradients of that, given the gates' own. In place: each factor receives its gradient.
struct HyperSplitRow {
  std::int64_t count = 0;
  const float* d_gates = nullptr;
  float* scale_x = nullptr;
  float* scale_h = nullptr;
  float* from_x = nullptr;
  const float* from_h = nullptr;  // kept, its gradient goes to d_from_h
  float* d_from_h = nullptr;
};
void hyper_split_row(const HyperSplitRow& row);

}  // namespace limn::kernels
