// Sketch-RNN's training loss (Ha & Eck 2017; docs/papers/sketch-rnn.md) in plain LibTorch operations on packed
// batches: the oracle of limn/models/sketch_rnn, and the model of training on a device. Works in the dtype and on the
// device of the parameters. Differentiable with respect to every parameter, reentrant.
#pragma once

#include <cstdint>
#include <functional>

#include "limn/libtorch/oracle/cells.hpp"
#include "limn/libtorch/torch.hpp"
#include "limn/models/sketch_rnn/options.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn::libtorch::oracle {

// The cell of the decoder, whose constant input is z.
[[nodiscard]] kernels::CellShape decoder_cell(const models::SketchRnnOptions& options);

// The masks of one training step. By default nothing is dropped, as in evaluation.
struct SketchRnnDropout {
  kernels::RecurrentDropout encoder_forward = {}, encoder_backward = {}, decoder = {};
  kernels::RecurrentDropout input = {};   // of the decoder's [S; z], unit = column
  kernels::RecurrentDropout output = {};  // of the decoder's h
};
// The masks that training with this seed uses at this step of this batch, whose sketches follow their places in it.
[[nodiscard]] SketchRnnDropout training_dropout(const models::SketchRnnOptions& options,
                                                const sketch::StrokeBatch& batch, std::uint64_t seed,
                                                std::uint64_t step);

// ε of training with this seed at this step: [B, Z] float32, a stream for each sketch.
[[nodiscard]] torch::Tensor training_epsilon(const models::SketchRnnOptions& options, const sketch::StrokeBatch& batch,
                                             std::uint64_t seed, std::uint64_t step);

struct SketchRnnLossTensors {
  torch::Tensor total;        // L_s + L_p + w_KL(step) · max(L_KL, kl_tolerance)
  torch::Tensor offset;       // L_s, eq. 9
  torch::Tensor pen;          // L_p, eq. 9, in its training form
  torch::Tensor pen_drawing;  // L_p in its evaluation form: without the steps that say end
  torch::Tensor kl;           // L_KL, eq. 10; 0 where the model is unconditional
};

struct SketchRnnLossInput {
  std::int64_t max_seq_len = 0;    // N_max, by which the losses are divided
  std::int64_t step = 0;           // of w_KL
  std::int64_t planned_steps = 0;  // of w_KL; 0: it follows the step alone
  torch::Tensor epsilon = {};      // [B, Z]; undefined means 0, z = μ
  SketchRnnDropout dropout = {};
  bool uses_fused_lstm = false;  // where LibTorch has one operation for a whole sequence
  // For a process that is one of several: B over all processes, 0 for this batch, and the sum of a scalar over them.
  // The losses are then parts of those of the whole batch.
  std::int64_t whole_batch = 0;
  std::function<torch::Tensor(const torch::Tensor&)> sum = {};
};
// Eq. 1 and 2: μ, then σ̂ of each sketch [B, 2Z], of a conditional model.
[[nodiscard]] torch::Tensor sketch_rnn_posterior(const Parameters& parameters, const models::SketchRnnOptions& options,
                                                 const sketch::StrokeBatch& batch, const SketchRnnLossInput& step);

// Sums of the losses over a batch.
struct SketchRnnSums {
  torch::Tensor offset, pen;                  // of the rows and with the factors that training counts
  torch::Tensor offset_drawing, pen_drawing;  // of i <= Ns, without the steps that say end
};
// Decodes from z [B, Z] (undefined where the model is unconditional) with the true points as input. `sums_in`: float64
// where the device has it.
[[nodiscard]] SketchRnnSums sketch_rnn_sums(const Parameters& parameters, const models::SketchRnnOptions& options,
                                            const sketch::StrokeBatch& batch, const torch::Tensor& z,
                                            const SketchRnnLossInput& step, torch::Dtype sums_in);

// All losses are scalars, divided as the paper divides. Parameters as sketch_rnn_parameters(options) names
// them. The batch is copied to their device.
[[nodiscard]] SketchRnnLossTensors sketch_rnn_loss(const Parameters& parameters,
                                                   const models::SketchRnnOptions& options,
                                                   const sketch::StrokeBatch& batch, const SketchRnnLossInput& step);

}  // namespace limn::libtorch::oracle
