// The decoder of a Sketch-RNN over one batch whose points are known (teacher forcing), forward and backward (Ha & Eck
// 2017, eq. 4 and §3.2): what training and evaluation both run. A pass keeps its working memory between calls and
// belongs to one thread at a time; inside it uses the pool of kernels/threads/parallel.hpp. Results do not depend on
// the number of threads.
#pragma once

#include <cstdint>
#include <span>

#include "limn/core/matrix.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/cells/recurrent.hpp"
#include "limn/kernels/products/linear.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn::models {

// tanh of every value, in place: [h_0; c_0] = tanh(W_z z + b_z) of what the linear layer gave.
void squash(Matrix values);

class SketchRnnDecoderPass {
 public:
  // `drops_inputs`: forward() will be given an input dropout.
  explicit SketchRnnDecoderPass(const SketchRnnOptions& options,
                                kernels::Precision precision = kernels::Precision::kFloat32, bool drops_inputs = false);

  struct Input {
    const sketch::StrokeBatch& batch;
    ConstMatrix z = {};  // as the decoder reads it [B, Z]; empty for an unconditional model
    kernels::RecurrentDropout recurrent_dropout = {};
    kernels::RecurrentDropout input_dropout = {};   // of each row [S_i; z]
    kernels::RecurrentDropout output_dropout = {};  // of each h
    bool keep_for_backward = false;
  };
  // Fills hidden() and outputs(). The batch and z must stay as they are until backward().
  void forward(const SketchRnnWeights& weights, const Input& input);
  // h of every row, as the output layer reads it [R, H].
  [[nodiscard]] ConstMatrix hidden() const { return hidden_.view(); }
  // y of every row: the columns of kernels/losses/mixture_density.hpp [R, 3 + 6M].
  [[nodiscard]] ConstMatrix outputs() const { return outputs_.view(); }
  // The gradients of the decoder's tensors (overwritten) for dL/d outputs [R, 3 + 6M] of the last forward(), and dL/dz
  // into `d_z` [B, Z], which is empty for an unconditional model.
  void backward(const SketchRnnWeights& weights, ConstMatrix d_outputs, const SketchRnnGradients& gradients,
                Matrix d_z);

 private:
  void drop_inputs(const Input& input);
  void add_cell_gradient(Matrix d_z) const;

  kernels::CellShape shape_;  // as the options give it
  bool drops_inputs_;
  kernels::RecurrentSequence cell_;
  kernels::LinearLayer initial_state_, output_;
  std::span<const std::int64_t> active_;
  ConstMatrix z_;
  bool drops_outputs_ = false;
  kernels::MatrixBuffer states_, d_states_;                // at the start [B, S]
  kernels::MatrixBuffer d_constant_;                       // [B, Z]
  kernels::MatrixBuffer x_, d_x_, input_mask_;             // only with input dropout [R, 5 + Z]
  kernels::MatrixBuffer hidden_, d_hidden_, output_mask_;  // [R, H]
  kernels::MatrixBuffer outputs_;                          // [R, 3 + 6M]
};

}  // namespace limn::models
