// The memory of a DrawSequence while it runs: packed weights and the activations of all steps. Internal to the folder.
//
// Blocks: a buffer of states has T + 1 blocks of B rows, block t holding what step t (from 0) starts from; a buffer of
// what a step computes has T. Where nothing is kept for the backward pass there is one block, used by every step.
#pragma once

#include <functional>
#include <vector>

#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/images/attention_window.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/models/draw/step.hpp"

namespace limn::models {

// Images [first, first + count) of the batch: what one thread takes through all steps.
struct ImageSlice {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

// Working memory of one thread.
struct DrawScratch {
  kernels::GemmScratch gemm;
  kernels::WindowScratch window;
};

// The linear functions of the decoder's h, side by side in the columns of one product: the patch (eq. 28, or 18
// without attention), the write window and the read window (eq. 21).
struct DrawHeads {
  struct Head {
    std::int64_t first = 0;  // column
    std::int64_t count = 0;
    std::size_t weight = 0;  // place of its weight among the parameters; the bias follows
  };
  explicit DrawHeads(const DrawShape& shape);

  Head patch, write_window, read_window;  // count is 0 where the model has no such window
  std::vector<Head> all;                  // those that exist
  std::int64_t width = 0;
};

struct DrawSequence::Impl {
  Impl(const DrawShape& draw_shape, kernels::Precision product_precision)
      : shape(draw_shape), precision(product_precision), heads(draw_shape) {}

  // Forward; step_forward.cpp.
  void start(kernels::Parameters given, std::int64_t images, bool keeps_all);
  void prepare_encoder(const Input& input);
  void start_slice(const ImageSlice& slice, DrawScratch& scratch);
  void encode_step(std::int64_t t, const ImageSlice& slice, DrawScratch& scratch, DrawLosses& losses);
  void decode_step(std::int64_t t, const ImageSlice& slice, DrawScratch& scratch);
  void trace_encoding(std::int64_t t, const ImageSlice& slice, const Trace& trace);
  void trace_decoding(std::int64_t t, const ImageSlice& slice, const Trace& trace);

  // Eq. 9 of each image, and gradient_scale · dL/dc_T where wanted [B, C·H·W].
  void reconstruction_losses(std::span<double> losses, Matrix gradient);

  // Backward; step_backward.cpp.
  struct SliceGradients;
  void prepare_backward();
  void backward_slice(const ImageSlice& slice);
  void write_backward(std::int64_t t, const ImageSlice& slice, SliceGradients& d);
  void decoder_backward(std::int64_t t, const ImageSlice& slice, SliceGradients& d);
  void encoder_backward(std::int64_t t, const ImageSlice& slice, SliceGradients& d);
  void read_backward(std::int64_t t, const ImageSlice& slice, SliceGradients& d);
  void finish_slice(const ImageSlice& slice, SliceGradients& d);
  void encoder_weight_gradients(kernels::ParameterGradients gradients);
  void decoder_weight_gradients(kernels::ParameterGradients gradients);

  [[nodiscard]] ConstMatrix weight(std::size_t parameter, std::int64_t rows) const {
    const auto& values = parameters[parameter];
    return {values.data(), rows, static_cast<std::int64_t>(values.size()) / rows};
  }
  // weight_ih of the encoder acts on [x; x̂; h_dec] or [glimpse; h_dec]: its columns for x, which without attention
  // are the same numbers at every step, and those for what changes.
  [[nodiscard]] std::int64_t constant_columns() const { return shape.reads_with_attention ? 0 : shape.image_size(); }
  [[nodiscard]] std::int64_t changing_columns() const { return shape.glimpse_size() - constant_columns(); }

  // The rows of a slice in block t.
  [[nodiscard]] Matrix rows(kernels::MatrixBuffer& buffer, std::int64_t t, const ImageSlice& slice) const {
    return buffer.view().slice_rows((keeps ? t : 0) * batch + slice.first, slice.count);
  }
  // Columns of a block of heads.
  [[nodiscard]] Matrix head_rows(std::int64_t t, const ImageSlice& slice, const DrawHeads::Head& head) {
    return rows(head_values, t, slice).slice_columns(head.first, head.count);
  }
  // The input of the encoder at step t besides h_dec.
  [[nodiscard]] kernels::MatrixBuffer& glimpse_buffer() { return shape.reads_with_attention ? glimpse : error; }
  // One slice for each thread.
  void for_each_slice(const std::function<void(const ImageSlice&)>& task) const;

  DrawShape shape;
  kernels::Precision precision;
  DrawHeads heads;
  std::vector<std::span<const float>> parameters;
  std::int64_t batch = 0;
  bool keeps = false;
  float gradient_scale = 1;  // 1 over the images of the whole batch
  ConstMatrix pixels, noise;

  // Forward weights, packed once a call, and the rows that products start from.
  kernels::PackedWeights encoder_weights, latent_weights, decoder_weights, head_weights;
  std::vector<float> latent_bias, head_bias;
  kernels::MatrixBuffer encoder_start;  // W_x x + b [B, 4He], only without attention
  // Backward weights.
  kernels::PackedWeights back_glimpse, back_encoder_to_decoder, back_encoder, back_latent;
  kernels::PackedWeights back_z, back_decoder, back_heads;

  kernels::MatrixBuffer error;                 // x̂ [T·B, C·H·W]
  kernels::MatrixBuffer glimpse;               // [T·B, 2CN²], only with attention
  kernels::MatrixBuffer encoder_gates;         // [T·B, 4He]: activations, then dL/da
  kernels::MatrixBuffer encoder_h, encoder_c;  // [(T+1)·B, He]
  kernels::MatrixBuffer latent;                // μ, log σ [T·B, 2Z], then their gradients
  kernels::MatrixBuffer z;                     // [T·B, Z]
  kernels::MatrixBuffer decoder_gates;         // [T·B, 4Hd]
  kernels::MatrixBuffer decoder_h, decoder_c;  // [(T+1)·B, Hd]
  kernels::MatrixBuffer head_values;           // [(T+1)·B, width of the heads], then their gradients
  kernels::MatrixBuffer canvas;                // [B, C·H·W], of the step that was last
  kernels::MatrixBuffer d_encoder_initial, d_decoder_initial, d_canvas;  // of each image
  kernels::MatrixBuffer d_encoder_start;                                 // Σ_t dL/da [B, 4He], only without attention
};

}  // namespace limn::models
