// The encoder of a conditional Sketch-RNN over one batch, forward and backward (Ha & Eck 2017, eq. 1 and 2): what
// training, evaluation and encoding all run. A pass keeps its working memory between calls and belongs to one thread at
// a time; inside it uses the pool of kernels/threads/parallel.hpp. Results do not depend on the number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/cells/recurrent.hpp"
#include "limn/kernels/products/linear.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn::models {

class SketchRnnEncoderPass {
 public:
  // Throws Error for an unconditional model, which has no encoder.
  explicit SketchRnnEncoderPass(const SketchRnnOptions& options,
                                kernels::Precision precision = kernels::Precision::kFloat32);

  struct Input {
    const sketch::StrokeBatch& batch;
    kernels::RecurrentDropout dropout_forward = {};
    kernels::RecurrentDropout dropout_backward = {};
    bool keep_for_backward = false;
  };
  // Row b of `latent` [B, 2Z] becomes μ, then σ̂ = log σ², of sketch b. The cells read S_1 … S_Ns, or the rows that
  // SketchRnnContents::encoder_rows asks for. A sketch for which they read nothing has h = 0.
  // The batch must stay as it is until backward().
  void forward(const SketchRnnWeights& weights, const Input& input, Matrix latent);
  // h = [h_fw; h_bw] of the last forward(): the last hidden state of either direction [B, 2 He].
  [[nodiscard]] ConstMatrix hidden() const { return hidden_.view(); }
  // The gradients of the encoder's tensors (overwritten) for dL/d latent [B, 2Z] of the last forward().
  void backward(const SketchRnnWeights& weights, ConstMatrix d_latent, const SketchRnnGradients& gradients);

 private:
  // Packed rows as kernels/cells/recurrent.hpp wants them.
  struct Rows {
    std::span<const std::int64_t> active;
    ConstMatrix x;  // [R, 5]
    [[nodiscard]] std::int64_t sequences() const { return active.empty() ? 0 : active.front(); }
  };
  Rows rows_to_read(const sketch::StrokeBatch& batch, std::int64_t encoder_rows);
  void pad(const sketch::StrokeBatch& batch, std::int64_t at_least);

  std::int64_t units_;   // He
  std::int64_t z_size_;  // Z
  std::int64_t state_size_;
  kernels::RecurrentSequence forward_, backward_;
  kernels::LinearLayer mu_, log_variance_;
  Rows rows_;
  std::vector<std::int64_t> padded_active_;
  std::vector<float> padded_rows_;
  kernels::MatrixBuffer states_;             // of one direction after its last step, and its gradient [B, S]
  kernels::MatrixBuffer hidden_;             // [B, 2 He]
  kernels::MatrixBuffer d_hidden_, d_part_;  // [B, 2 He]
};

}  // namespace limn::models
