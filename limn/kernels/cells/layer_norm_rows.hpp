// The element-wise arithmetic of layer-normalised cells (docs/papers/cells.md), one sequence at one step per
// call, compiled for every SIMD target. Reentrant. The layer_norm cell and both halves of the hyper cell use it.
#pragma once

#include <cstdint>

#include "limn/core/matrix.hpp"
#include "limn/kernels/cells/cell_tensors.hpp"
#include "limn/kernels/parameters.hpp"

namespace limn::kernels {

// gamma and beta are [4H], cell_gamma and cell_beta [H].
struct LayerNormWeights {
  const float* gamma = nullptr;
  const float* beta = nullptr;
  const float* cell_gamma = nullptr;
  const float* cell_beta = nullptr;
};
// `norm` holds four vectors in the order of NormParameter.
template <class Vectors>
[[nodiscard]] LayerNormWeights layer_norm_weights(const Vectors& norm) {
  return {.gamma = norm[kGamma].data(),
          .beta = norm[kBeta].data(),
          .cell_gamma = norm[kCellGamma].data(),
          .cell_beta = norm[kCellBeta].data()};
}

// The numbers that a row keeps for its backward pass beside its gates.
enum LayerNormStatistic : std::int64_t {
  kGateInverseDeviation = 0,  // 1 / σ of the four gates
  kCellInverseDeviation = kGates,
  kCellMean,
  kLayerNormStatistics,
};

// `gates` holds the pre-activations [4H] and receives them normalised, before gamma and beta. `c` may be
// `c_previous`; `mask` [H] may be null.
struct LayerNormForwardRow {
  std::int64_t units = 0;
  LayerNormWeights weights;
  float* gates = nullptr;
  const float* mask = nullptr;
  const float* c_previous = nullptr;
  float* c = nullptr;
  float* h = nullptr;
  float* statistics = nullptr;
};
void layer_norm_forward_row(const LayerNormForwardRow& row);

// The gradients of a row's weights in one piece: gamma [4H], beta [4H], cell_gamma [H], cell_beta [H].
struct LayerNormGradientPlaces {
  explicit constexpr LayerNormGradientPlaces(std::int64_t units)
      : beta(kGates * units), cell_gamma(2 * beta), cell_beta(cell_gamma + units), size(cell_beta + units) {}
  std::int64_t gamma = 0;
  std::int64_t beta, cell_gamma, cell_beta, size;
};
[[nodiscard]] constexpr std::int64_t layer_norm_gradient_size(std::int64_t units) {
  return LayerNormGradientPlaces(units).size;
}
// Room for dL/d of the normalised gates [4H] and of the normalised c [H].
[[nodiscard]] constexpr std::int64_t layer_norm_scratch_size(std::int64_t units) { return (kGates + 1) * units; }

// `gates` holds the result of the forward row and receives dL/da. `dc` holds dL/dc from later steps and receives
// dL/dc_previous; `dh` is the whole dL/dh. The gradients of the weights are added to `gradient`.
struct LayerNormBackwardRow {
  std::int64_t units = 0;
  LayerNormWeights weights;
  float* gates = nullptr;
  const float* mask = nullptr;
  const float* c_previous = nullptr;
  const float* c = nullptr;
  const float* statistics = nullptr;
  const float* dh = nullptr;
  float* dc = nullptr;
  float* gradient = nullptr;  // [layer_norm_gradient_size()]
  float* scratch = nullptr;   // [layer_norm_scratch_size()]
};
void layer_norm_backward_row(const LayerNormBackwardRow& row);

// Sums the gradients of all sequences, [B, layer_norm_gradient_size()], in the order of the rows, into those
// of gamma, beta, cell_gamma and cell_beta, which are overwritten.
void sum_layer_norm_gradients(ConstMatrix of_sequences, ParameterGradients sums);

}  // namespace limn::kernels
