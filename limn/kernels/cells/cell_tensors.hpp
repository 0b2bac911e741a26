// The parameters of a cell, or their gradients, by name instead of by place. Views. Internal to the room.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "limn/core/matrix.hpp"
#include "limn/kernels/cells/cell_shape.hpp"

namespace limn::kernels {

// The four tensors of a layer norm in the list of cell_parameters(), one after the other.
enum NormParameter : std::size_t { kGamma = 0, kBeta, kCellGamma, kCellBeta, kNormParameters };

// Places in the list of cell_parameters() of an lstm or a layer_norm cell.
enum GatedParameter : std::size_t {
  kWeightIh = 0,
  kWeightHh,
  kLstmBias,                 // lstm
  kFirstOfNorm = kLstmBias,  // layer_norm: its NormParameters
};

// Places in the list of cell_parameters() of a hyper cell.
enum HyperParameter : std::size_t {
  kMainWeightIh = 0,
  kMainWeightHh,
  kMainBias,
  kFirstOfMainNorm,
  kSmallWeightIh = kFirstOfMainNorm + kNormParameters,
  kSmallWeightHh,
  kFirstOfSmallNorm,
  kZxWeight = kFirstOfSmallNorm + kNormParameters,
  kZxBias,
  kZhWeight,
  kZhBias,
  kZbWeight,
  kAlphaXWeight,
  kAlphaHWeight,
  kBetaHWeight,
};

// Of an lstm or a layer_norm cell. T is const float for parameters and float for gradients.
template <class T>
struct GatedTensors {
  GatedTensors(const CellShape& shape, std::span<const std::span<T>> all) {
    const std::int64_t width = kGates * shape.hidden_size;
    const MatrixView<T> ih(all[kWeightIh], width, shape.input_size + shape.constant_size);
    ih_x = ih.slice_columns(0, shape.input_size);
    ih_z = ih.slice_columns(shape.input_size, shape.constant_size);
    hh = {all[kWeightHh], width, shape.hidden_size};
    if (shape.type == CellType::kLayerNorm)
      norm = all.subspan(kFirstOfNorm, kNormParameters);
    else
      bias = all[kLstmBias];
  }

  MatrixView<T> ih_x, ih_z, hh;        // [4H, D], [4H, Z], [4H, H]
  std::span<T> bias;                   // lstm: [4H]
  std::span<const std::span<T>> norm;  // layer_norm: see NormParameter
};

// The uses of the small cell's embeddings: the scale of W_ih x, the scale of W_hh h, and the shift.
enum HyperRole : std::size_t { kScaleX = 0, kScaleH = 1, kShift = 2 };
inline constexpr std::size_t kHyperRoles = 3;

// The embeddings of one row lie role by role, in each gate by gate: embeddings_size() is their number, 12E, and
// embedding_column() the first of the E of a role and a gate.
[[nodiscard]] inline std::int64_t embedding_column(const CellShape& shape, std::size_t role, std::int64_t gate) {
  return (static_cast<std::int64_t>(role) * kGates + gate) * shape.hyper_embedding_size;
}
[[nodiscard]] inline std::int64_t embeddings_size(const CellShape& shape) {
  return embedding_column(shape, kHyperRoles, 0);
}

// Of a hyper cell.
template <class T>
struct HyperTensors {
  HyperTensors(const CellShape& shape, std::span<const std::span<T>> all)
      : bias(all[kMainBias]),
        norm(all.subspan(kFirstOfMainNorm, kNormParameters)),
        small_norm(all.subspan(kFirstOfSmallNorm, kNormParameters)) {
    const std::int64_t d = shape.input_size, z = shape.constant_size, h = shape.hidden_size;
    const std::int64_t u = shape.hyper_num_units, e = shape.hyper_embedding_size;
    const MatrixView<T> main(all[kMainWeightIh], kGates * h, d + z);
    const MatrixView<T> small(all[kSmallWeightIh], kGates * u, d + z + h);
    ih_x = main.slice_columns(0, d);
    ih_z = main.slice_columns(d, z);
    hh = {all[kMainWeightHh], kGates * h, h};
    small_x = small.slice_columns(0, d);
    small_z = small.slice_columns(d, z);
    small_h = small.slice_columns(d + z, h);
    small_hh = {all[kSmallWeightHh], kGates * u, u};
    embedding[kScaleX] = {all[kZxWeight], kGates * e, u};
    embedding[kScaleH] = {all[kZhWeight], kGates * e, u};
    embedding[kShift] = {all[kZbWeight], kGates * e, u};
    embedding_bias[kScaleX] = all[kZxBias];
    embedding_bias[kScaleH] = all[kZhBias];
    scale[kScaleX] = {all[kAlphaXWeight], kGates * h, e};
    scale[kScaleH] = {all[kAlphaHWeight], kGates * h, e};
    scale[kShift] = {all[kBetaHWeight], kGates * h, e};
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
  std::span<const std::span<T>> norm, small_norm;        // see NormParameter
};

}  // namespace limn::kernels
