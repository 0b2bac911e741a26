// The loop over time that the lstm and layer_norm cells share: pre-activations a = W_ih [x; z] + W_hh h, then one call
// for each row. Each slice of the batch runs through all steps on one thread. The gradients of the weights follow, all
// steps in one product. Internal to the room.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/cells/cell_sequence.hpp"
#include "limn/kernels/cells/cell_tensors.hpp"
#include "limn/kernels/cells/sequence_layout.hpp"
#include "limn/kernels/products/gemm.hpp"

namespace limn::kernels {

// One sequence at one step. Pointers are rows: gates [4H]; h, c and so on [H].
struct GatedRow {
  std::int64_t sequence = 0;
  std::int64_t row = 0;  // in the packed batch
  float* gates = nullptr;
  const float* mask = nullptr;
  const float* c_previous = nullptr;
  float* c = nullptr;         // forward: written; backward: read
  float* h = nullptr;         // forward: written
  const float* dh = nullptr;  // backward
  float* dc = nullptr;        // backward, see LstmBackwardRow
};

class GatedSequence : public CellSequence {
 public:
  GatedSequence(const CellShape& shape, Direction direction, Precision precision);
  void forward(const RecurrentSequence::Input& input, Matrix hidden, Matrix final_state) final;
  void backward(const RecurrentSequence::Gradients& gradients) final;

 protected:
  virtual void prepare_forward(bool keep_for_backward) = 0;
  virtual void forward_row(const GatedRow& row) = 0;
  virtual void prepare_backward() = 0;
  virtual void backward_row(const GatedRow& row) = 0;
  // The gradients of all parameters but weight_ih, weight_hh and the bias.
  virtual void finish_backward(const GatedTensors<float>& gradients) = 0;

  [[nodiscard]] GatedTensors<const float> tensors() const { return {shape_, parameters_}; }

  CellShape shape_;
  SequenceLayout layout_;

 private:
  void pack_forward_weights();
  void forward_slice(const BatchSlice& slice, Matrix hidden, Matrix final_state);
  void backward_slice(const BatchSlice& slice, const RecurrentSequence::Gradients& gradients);
  void gradients_of_weights(const GatedTensors<float>& out);
  void gradients_of_inputs(const RecurrentSequence::Gradients& gradients);

  Precision precision_;
  Direction direction_;
  std::vector<std::span<const float>> parameters_;
  RecurrentSequence::Input input_;
  PackedWeights step_weights_;  // [W_hh, W_ih of x]ᵀ, [H + D, 4H]
  PackedWeights back_weights_;  // W_hh, [4H, H]
  MatrixBuffer constant_;       // W_ih z + bias, [B, 4H], or one row of bias, or empty
  MatrixBuffer gates_;          // [R, 4H]: activations, then dL/da
  MatrixBuffer hidden_, cell_;  // [R + B, H]: after each row, then the initial state
  MatrixBuffer constant_grad_;  // Σ_t dL/da, [B, 4H], where Z > 0
};

}  // namespace limn::kernels
