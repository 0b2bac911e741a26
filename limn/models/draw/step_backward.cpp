// The backward pass of DRAW: the steps of step_forward.cpp in reverse, for a slice of the batch; then the gradients of
// the weights, each in one product over all steps.
#include <algorithm>
#include <array>

#include "limn/kernels/cells/cell_rows.hpp"
#include "limn/kernels/cells/sequence_layout.hpp"
#include "limn/kernels/images/error_image.hpp"
#include "limn/kernels/losses/gaussian_latent.hpp"
#include "limn/models/draw/step_state.hpp"

namespace limn::models {

using kernels::add_row;
using kernels::copy_rows;
using kernels::kGates;
using kernels::MatrixBuffer;
using kernels::weight_gradients;
using kernels::WeightGradient;
using kernels::WeightLayout;
using enum DrawTensor::Place;

// dL/d of what one step hands to the step before, for the images of a slice.
struct DrawSequence::Impl::SliceGradients {
  MatrixBuffer encoder_h, encoder_c, decoder_h, decoder_c;
  MatrixBuffer heads;  // of the block that the current step made: the read window's part comes from the step after
  MatrixBuffer z;
  MatrixBuffer glimpse;  // only with attention
  MatrixBuffer error;    // dL/dx̂
  DrawScratch scratch;

  SliceGradients(const Impl& impl, std::int64_t images) {
    const DrawShape& sizes = impl.shape;
    for (MatrixBuffer* state : {&encoder_h, &encoder_c}) state->resize(images, sizes.enc_rnn_size);
    for (MatrixBuffer* state : {&decoder_h, &decoder_c}) state->resize(images, sizes.dec_rnn_size);
    heads.resize(images, impl.heads.width);
    z.resize(images, sizes.z_size);
    if (sizes.reads_with_attention) glimpse.resize(images, sizes.glimpse_size());
    error.resize(images, sizes.image_size());
    for (MatrixBuffer* buffer : {&encoder_h, &encoder_c, &decoder_h, &decoder_c, &heads}) buffer->fill(0);
  }
  [[nodiscard]] Matrix columns(const DrawHeads::Head& head) {
    return heads.view().slice_columns(head.first, head.count);
  }
};

namespace {

// The LSTM's backward arithmetic for every row of a slice: `gates` becomes dL/da, `dc` dL/dc of the step before.
struct CellBackwardRows {
  Matrix gates, c_previous, c, dh, dc;
};
void step_cell_back(const CellBackwardRows& rows) {
  for (std::int64_t r = 0; r < rows.gates.rows; ++r)
    kernels::lstm_backward_row({.units = rows.dh.columns,
                                .gates = rows.gates.row(r),
                                .mask = nullptr,
                                .c_previous = rows.c_previous.row(r),
                                .c = rows.c.row(r),
                                .dh = rows.dh.row(r),
                                .dc = rows.dc.row(r)});
}

// out[j] = Σ_r m[r, j], always in the order of the rows.
void sum_rows(ConstMatrix m, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0f);
  for (std::int64_t r = 0; r < m.rows; ++r) add_row(m.row(r), m.columns, out.data());
}

Matrix matrix_of(std::span<float> values, std::int64_t rows) {
  return {values.data(), rows, static_cast<std::int64_t>(values.size()) / rows};
}

}  // namespace

void DrawSequence::Impl::prepare_backward() {
  const std::int64_t encoder_rows = kGates * shape.enc_rnn_size, decoder_rows = kGates * shape.dec_rnn_size;
  const auto pack = [&](kernels::PackedWeights& packed, ConstMatrix w) {
    packed.pack(w, WeightLayout::kInputMajor, precision);
  };
  const ConstMatrix encoder_input = weight(kEncoderInput, encoder_rows);
  pack(back_glimpse, encoder_input.slice_columns(constant_columns(), changing_columns()));
  pack(back_encoder_to_decoder, encoder_input.slice_columns(shape.glimpse_size(), shape.dec_rnn_size));
  pack(back_encoder, weight(kEncoderHidden, encoder_rows));
  const std::array of_latent{weight(kMuWeight, shape.z_size), weight(kLogSigmaWeight, shape.z_size)};
  back_latent.pack(of_latent, WeightLayout::kInputMajor, precision);
  pack(back_z, weight(kDecoderInput, decoder_rows));
  pack(back_decoder, weight(kDecoderHidden, decoder_rows));
  std::vector<ConstMatrix> of_heads;
  for (const auto& head : heads.all) of_heads.push_back(weight(head.weight, head.count));
  back_heads.pack(of_heads, WeightLayout::kInputMajor, precision);
  d_encoder_initial.resize(batch, 2 * shape.enc_rnn_size);
  d_decoder_initial.resize(batch, 2 * shape.dec_rnn_size);
  d_canvas.resize(batch, shape.image_size());
  std::vector<double> losses(static_cast<std::size_t>(batch));
  reconstruction_losses(losses, d_canvas.view());
  if (constant_columns() > 0) {
    d_encoder_start.resize(batch, encoder_rows);
    d_encoder_start.fill(0);
  }
}

void DrawSequence::Impl::backward_slice(const ImageSlice& slice) {
  SliceGradients d(*this, slice.count);
  for (std::int64_t t = shape.steps - 1; t >= 0; --t) {
    write_backward(t, slice, d);
    decoder_backward(t, slice, d);
    encoder_backward(t, slice, d);
    read_backward(t, slice, d);
  }
  finish_slice(slice, d);
}

// Eq. 8, 21, 28 and 29: from dL/dc_t, which is dL/dc_{t-1} as well, to dL/dh_dec.
void DrawSequence::Impl::write_backward(std::int64_t t, const ImageSlice& slice, SliceGradients& d) {
  const Matrix dc = d_canvas.view().slice_rows(slice.first, slice.count), values = rows(head_values, t + 1, slice);
  if (shape.writes_with_attention) {
    kernels::write_windows_backward(shape.write_window(), head_rows(t + 1, slice, heads.write_window),
                                    head_rows(t + 1, slice, heads.patch),
                                    {dc, d.columns(heads.write_window), d.columns(heads.patch)}, d.scratch.window);
  } else {
    copy_rows(dc, d.columns(heads.patch));
  }
  copy_rows(d.heads.view(), values);  // for the gradients of the weights
  back_heads.multiply(d.heads.view(), d.decoder_h.view(), d.decoder_h.view(), d.scratch.gemm);
}

// Eq. 7: from dL/dh_dec_t to dL/dz_t and this step's part of dL/dh_dec_{t-1}.
void DrawSequence::Impl::decoder_backward(std::int64_t t, const ImageSlice& slice, SliceGradients& d) {
  const Matrix gates = rows(decoder_gates, t, slice);
  step_cell_back(
      {gates, rows(decoder_c, t, slice), rows(decoder_c, t + 1, slice), d.decoder_h.view(), d.decoder_c.view()});
  back_z.multiply(gates, {}, d.z.view(), d.scratch.gemm);
  back_decoder.multiply(gates, {}, d.decoder_h.view(), d.scratch.gemm);
}

// Eq. 5, 6 and 11: from dL/dz_t to what the encoder read.
void DrawSequence::Impl::encoder_backward(std::int64_t t, const ImageSlice& slice, SliceGradients& d) {
  const Matrix distribution = rows(latent, t, slice), drawn = rows(z, t, slice), gates = rows(encoder_gates, t, slice);
  for (std::int64_t r = 0; r < slice.count; ++r)
    kernels::gaussian_latent_backward_row({.spread = kernels::LatentSpread::kLogDeviation,
                                           .z_size = shape.z_size,
                                           .kl_scale = gradient_scale,
                                           .z = drawn.row(r),
                                           .dz = d.z.row(r),
                                           .latent = distribution.row(r)});
  back_latent.multiply(distribution, d.encoder_h.view(), d.encoder_h.view(), d.scratch.gemm);
  step_cell_back(
      {gates, rows(encoder_c, t, slice), rows(encoder_c, t + 1, slice), d.encoder_h.view(), d.encoder_c.view()});
  back_glimpse.multiply(gates, {}, shape.reads_with_attention ? d.glimpse.view() : d.error.view(), d.scratch.gemm);
  back_encoder_to_decoder.multiply(gates, d.decoder_h.view(), d.decoder_h.view(), d.scratch.gemm);
  back_encoder.multiply(gates, {}, d.encoder_h.view(), d.scratch.gemm);
  if (constant_columns() == 0) return;
  for (std::int64_t r = 0; r < slice.count; ++r)
    add_row(gates.row(r), gates.columns, d_encoder_start.row(slice.first + r));
}

// Eq. 3, 4 and 27: from the glimpse to the read window and dL/dc_{t-1}.
void DrawSequence::Impl::read_backward(std::int64_t t, const ImageSlice& slice, SliceGradients& d) {
  const ConstMatrix x = pixels.slice_rows(slice.first, slice.count);
  const Matrix x_hat = rows(error, t, slice);
  if (shape.reads_with_attention)
    kernels::read_windows_backward(
        shape.read_window(), {head_rows(t, slice, heads.read_window), x, x_hat},
        {rows(glimpse, t, slice), d.glimpse.view(), d.columns(heads.read_window), d.error.view()}, d.scratch.window);
  for (std::int64_t r = 0; r < slice.count; ++r)
    kernels::error_image_backward_row({.count = shape.image_size(),
                                       .x = x.row(r),
                                       .error = x_hat.row(r),
                                       .d_error = d.error.row(r),
                                       .d_canvas = d_canvas.row(slice.first + r)});
}

// The gradients of the read of step 0 with h_dec_0, and of the learned initial states.
void DrawSequence::Impl::finish_slice(const ImageSlice& slice, SliceGradients& d) {
  for (const auto& head : {heads.patch, heads.write_window})
    if (head.count > 0) copy_rows({}, d.columns(head));
  copy_rows(d.heads.view(), rows(head_values, 0, slice));
  back_heads.multiply(d.heads.view(), d.decoder_h.view(), d.decoder_h.view(), d.scratch.gemm);
  const auto keep = [&](MatrixBuffer& to, MatrixBuffer& h, MatrixBuffer& c) {
    const Matrix state = to.view().slice_rows(slice.first, slice.count);
    copy_rows(h.view(), state.slice_columns(0, h.columns()));
    copy_rows(c.view(), state.slice_columns(h.columns(), c.columns()));
  };
  keep(d_encoder_initial, d.encoder_h, d.encoder_c);
  keep(d_decoder_initial, d.decoder_h, d.decoder_c);
}

void DrawSequence::Impl::encoder_weight_gradients(kernels::ParameterGradients gradients) {
  const std::int64_t count = shape.steps * batch, gates = kGates * shape.enc_rnn_size;
  const std::int64_t constant = constant_columns(), changing = changing_columns();
  const float one = 1;
  const ConstMatrix ones(&one, count, 1, 0);
  const Matrix of_input = matrix_of(gradients[kEncoderInput], gates);
  const std::array parts{
      WeightGradient{glimpse_buffer().view(), nullptr, of_input.slice_columns(constant, changing)},
      WeightGradient{decoder_h.view(), nullptr, of_input.slice_columns(constant + changing, shape.dec_rnn_size)},
      WeightGradient{encoder_h.view(), nullptr, matrix_of(gradients[kEncoderHidden], gates)},
      WeightGradient{ones, nullptr, matrix_of(gradients[kEncoderBias], gates)}};
  weight_gradients(encoder_gates.view(), parts, false, precision);
  if (constant > 0) {
    const WeightGradient part{pixels, nullptr, of_input.slice_columns(0, constant)};
    weight_gradients(d_encoder_start.view(), std::span(&part, 1), false, precision);
  }
  const ConstMatrix h = encoder_h.view().slice_rows(batch, count);
  const auto latent_gradients = [&](std::int64_t first, std::size_t weight_place) {
    const std::array layer{WeightGradient{h, nullptr, matrix_of(gradients[weight_place], shape.z_size)},
                           WeightGradient{ones, nullptr, matrix_of(gradients[weight_place + 1], shape.z_size)}};
    weight_gradients(latent.view().slice_columns(first, shape.z_size), layer, false, precision);
  };
  latent_gradients(0, kMuWeight);
  latent_gradients(shape.z_size, kLogSigmaWeight);
  sum_rows(d_encoder_initial.view(), gradients[kEncoderInitial]);
}

void DrawSequence::Impl::decoder_weight_gradients(kernels::ParameterGradients gradients) {
  const std::int64_t count = shape.steps * batch, gates = kGates * shape.dec_rnn_size;
  const float one = 1;
  const std::array parts{
      WeightGradient{z.view(), nullptr, matrix_of(gradients[kDecoderInput], gates)},
      WeightGradient{decoder_h.view(), nullptr, matrix_of(gradients[kDecoderHidden], gates)},
      WeightGradient{ConstMatrix(&one, count, 1, 0), nullptr, matrix_of(gradients[kDecoderBias], gates)}};
  weight_gradients(decoder_gates.view(), parts, false, precision);
  for (const auto& head : heads.all) {
    const std::array layer{WeightGradient{decoder_h.view(), nullptr, matrix_of(gradients[head.weight], head.count)},
                           WeightGradient{ConstMatrix(&one, count + batch, 1, 0), nullptr,
                                          matrix_of(gradients[head.weight + 1], head.count)}};
    weight_gradients(head_values.view().slice_columns(head.first, head.count), layer, false, precision);
  }
  sum_rows(d_decoder_initial.view(), gradients[kDecoderInitial]);
  sum_rows(d_canvas.view(), gradients[kCanvas]);
}

}  // namespace limn::models
