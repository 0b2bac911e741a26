// The hyper cell over whole sequences: a small layer_norm cell reads [x; z; h] and scales the main cell's
// products row by row (docs/papers/cells.md). Kept for the backward pass: the normalised gates of both cells,
// W_hh h, the embeddings and the states. Scales and W_ih x are computed again. Internal to the room.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/cells/cell_sequence.hpp"
#include "limn/kernels/cells/cell_tensors.hpp"
#include "limn/kernels/cells/hyper_products.hpp"
#include "limn/kernels/cells/sequence_layout.hpp"

namespace limn::kernels {

class HyperSequence final : public CellSequence {
 public:
  HyperSequence(const CellShape& shape, Direction direction, Precision precision);
  void forward(const RecurrentSequence::Input& input, Matrix hidden, Matrix final_state) override;
  void backward(const RecurrentSequence::Gradients& gradients) override;

 private:
  struct ForwardSlice;
  struct BackwardSlice;
  struct Factors;

  [[nodiscard]] HyperTensors<const float> tensors() const { return {shape_, parameters_}; }
  void resize_kept();
  void forward_slice(const BatchSlice& slice, Matrix hidden, Matrix final_state);
  void small_cell(ForwardSlice& s, std::int64_t t, std::int64_t rows);
  void main_cell(ForwardSlice& s, std::int64_t t, std::int64_t rows);

  void pack_backward_weights();
  void backward_slice(const BatchSlice& slice, const RecurrentSequence::Gradients& gradients);
  void main_cell_backward(BackwardSlice& s, std::int64_t t, ConstMatrix d_hidden);
  void small_cell_backward(BackwardSlice& s, std::int64_t t);
  void states_backward(BackwardSlice& s, std::int64_t t);

  void gradients_of_factors(const RecurrentSequence::Gradients& gradients, HyperTensors<float>& out);
  void split_steps(std::int64_t first, std::int64_t last, Factors& factors);
  void accumulate_chunk(std::int64_t first, std::int64_t rows, const Factors& factors, HyperTensors<float>& out);
  void gradients_of_small_cell(HyperTensors<float>& out);
  void gradients_of_constant(const RecurrentSequence::Gradients& gradients, HyperTensors<float>& out);

  CellShape shape_;
  Direction direction_;
  Precision precision_;
  SequenceLayout layout_;
  std::vector<std::span<const float>> parameters_;
  RecurrentSequence::Input input_;

  HyperProducts products_;
  MatrixBuffer prepared_;  // [B, 4H + 4U]
  // Kept by row: [R, …]; states have B rows more, the initial ones.
  MatrixBuffer gates_, small_gates_;            // [R, 4H], [R, 4U]: normalised, then dL/da
  MatrixBuffer from_h_;                         // [R, 4H]: W_hh h
  MatrixBuffer embeddings_, d_embeddings_;      // [R, 12E]
  MatrixBuffer hidden_, cell_;                  // [R + B, H]
  MatrixBuffer small_hidden_, small_cell_;      // [R + B, U]
  MatrixBuffer statistics_, small_statistics_;  // [R, kLayerNormStatistics]
  // By sequence: sums over time.
  MatrixBuffer norm_gradients_, small_norm_gradients_;  // [B, layer_norm_gradient_size()]
  MatrixBuffer prepared_grad_;                          // [B, 4H + 4U]
  PackedWeights states_back_;                           // [W_hh; W_small_h], to dL/dh
  PackedWeights small_back_;                            // W_small_hh, to dL/dĥ
  PackedWeights embedding_back_;                        // to dL/dĥ
  std::array<std::array<PackedWeights, kGates>, kHyperRoles> scale_back_;
};

}  // namespace limn::kernels
