// The training step of a Sketch-RNN (Ha & Eck 2017) on plain memory: the losses of a batch and the gradients of all
// tensors. A SketchRnnStep keeps its working memory between calls and belongs to one thread at a time; inside it uses
// the pool of kernels/threads/parallel.hpp. Results do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/parameters.hpp"
#include "limn/kernels/precision.hpp"
#include "limn/models/sketch_rnn/decoder_pass.hpp"
#include "limn/models/sketch_rnn/encoder_pass.hpp"
#include "limn/models/sketch_rnn/loss_rows.hpp"
#include "limn/models/sketch_rnn/options.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn::models {

class SketchRnnStep {
 public:
  // `precision` is that of the cells' and the output layer's products.
  explicit SketchRnnStep(const SketchRnnOptions& options, kernels::Precision precision = kernels::Precision::kFloat32);

  // For a process that is one of several.
  struct WholeBatch {
    std::int64_t size = 0;  // B over all processes; 0: this batch is the whole
    // Adds this process's part of a figure to those of the others. Called once a step by every process of a conditional
    // model: the tolerance bounds the KL divergence of the whole batch.
    std::function<double(double)> sum = [](double part) { return part; };
  };
  struct Input {
    const sketch::StrokeBatch& batch;  // batch.places number the noise of its sketches
    std::int64_t max_seq_len = 0;      // N_max, or what loss_steps says
    std::uint64_t seed = 0;            // with the step it determines all noise
    std::uint64_t step = 0;
    std::int64_t planned_steps = 0;  // of the run, for the KL weight; 0: it follows the step alone
    WholeBatch whole = {};
  };
  // Divided by N_max · B of the whole batch, so the parts of several processes add up to its losses.
  struct Losses {
    double total = 0;      // L_s + L_p + w_KL · max(L_KL, tolerance): what the gradients are of
    double offset = 0;     // L_s
    double pen = 0;        // L_p, training form
    double kl = 0;         // L_KL, a mean over the batch and reduced over z as kl_reduction says; 0: unconditional
    double kl_weight = 0;  // w_KL of the step, that of the whole batch
  };
  // Both lists are in the order of sketch_rnn_parameters(options). The gradients are overwritten.
  Losses losses_and_gradients(kernels::Parameters parameters, kernels::ParameterGradients gradients,
                              const Input& input);

  [[nodiscard]] const SketchRnnOptions& options() const { return options_; }

 private:
  double draw_latents(const SketchRnnWeights& weights, const Input& input);
  void decode(const SketchRnnWeights& weights, const Input& input, const sketch::StrokeBatch& batch);
  void latents_backward(double kl_scale);

  SketchRnnOptions options_;
  std::optional<SketchRnnEncoderPass> encoder_;  // of a conditional model
  SketchRnnDecoderPass decoder_;
  LossRows rows_;
  kernels::MatrixBuffer latent_;           // μ and σ̂, later their gradients [B, 2Z]
  kernels::MatrixBuffer noise_, z_, d_z_;  // [B, Z]
  kernels::MatrixBuffer d_outputs_;        // [R, 3 + 6M]
};

}  // namespace limn::models
