// The forward pass of DRAW: equations 3 to 8 of Gregor et al. 2015, step by step for a slice of the batch.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "limn/kernels/cells/cell_rows.hpp"
#include "limn/kernels/cells/sequence_layout.hpp"
#include "limn/kernels/images/error_image.hpp"
#include "limn/kernels/losses/gaussian_latent.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/draw/step_state.hpp"

namespace limn::models {

using kernels::add_row;
using kernels::copy_rows;
using kernels::kGates;
using kernels::kWindowParameters;
using kernels::WeightLayout;
using enum DrawTensor::Place;

namespace {

// One row of biases as the start of every row of a product.
ConstMatrix repeated(std::span<const float> bias, std::int64_t rows) {
  return {bias.data(), rows, static_cast<std::int64_t>(bias.size()), 0};
}

// Weights [n_1, K], [n_2, K], … below each other, packed as one, and their biases.
struct StackedLayers {
  std::vector<float> weights, bias;

  void append(std::span<const float> weight, std::span<const float> added) {
    weights.insert(weights.end(), weight.begin(), weight.end());
    bias.insert(bias.end(), added.begin(), added.end());
  }
  void pack_into(kernels::PackedWeights& packed, kernels::Precision precision) const {
    const auto out = static_cast<std::int64_t>(bias.size());
    packed.pack(ConstMatrix(weights.data(), out, static_cast<std::int64_t>(weights.size()) / out),
                WeightLayout::kOutputMajor, precision);
  }
};

// Every row of h and c becomes the learned initial state [2H].
void set_initial(std::span<const float> state, Matrix h, Matrix c) {
  for (std::int64_t r = 0; r < h.rows; ++r) {
    std::copy_n(state.data(), h.columns, h.row(r));
    std::copy_n(state.data() + h.columns, c.columns, c.row(r));
  }
}

// The LSTM's arithmetic for every row of a slice (docs/papers/cells.md).
struct CellRows {
  Matrix gates, c_previous, c, h;
};
void step_cell(const CellRows& rows) {
  for (std::int64_t r = 0; r < rows.gates.rows; ++r)
    kernels::lstm_forward_row({.units = rows.h.columns,
                               .gates = rows.gates.row(r),
                               .mask = nullptr,
                               .c_previous = rows.c_previous.row(r),
                               .c = rows.c.row(r),
                               .h = rows.h.row(r)});
}

}  // namespace

DrawHeads::DrawHeads(const DrawShape& shape) {
  std::size_t next = kPatchWeight;
  const auto append = [&](std::int64_t count) {
    const Head head{.first = width, .count = count, .weight = next};
    all.push_back(head);
    width += count;
    next += 2;
    return head;
  };
  patch = append(shape.patch_size());
  if (shape.writes_with_attention) write_window = append(kWindowParameters);
  if (shape.reads_with_attention) read_window = append(kWindowParameters);
}

void DrawSequence::Impl::for_each_slice(const std::function<void(const ImageSlice&)>& task) const {
  const std::int64_t slices = kernels::batch_slices(batch);
  kernels::parallel_for(slices, [&](std::int64_t s) {
    const std::int64_t first = batch * s / slices;
    task({.first = first, .count = batch * (s + 1) / slices - first});
  });
}

void DrawSequence::Impl::start(kernels::Parameters given, std::int64_t images, bool keeps_all) {
  parameters.assign(given.begin(), given.end());
  batch = images;
  keeps = keeps_all;
  pixels = noise = {};
  const std::int64_t units = shape.dec_rnn_size;
  const std::array parts{weight(kDecoderInput, kGates * units), weight(kDecoderHidden, kGates * units)};
  decoder_weights.pack(parts, WeightLayout::kOutputMajor, precision);
  StackedLayers layers;
  for (const auto& head : heads.all) layers.append(parameters[head.weight], parameters[head.weight + 1]);
  layers.pack_into(head_weights, precision);
  head_bias = layers.bias;
  const std::int64_t steps = keeps ? shape.steps : 1, states = keeps ? shape.steps + 1 : 1;
  z.resize(steps * batch, shape.z_size);
  decoder_gates.resize(steps * batch, kGates * units);
  decoder_h.resize(states * batch, units);
  decoder_c.resize(states * batch, units);
  head_values.resize(states * batch, heads.width);
  canvas.resize(batch, shape.image_size());
}

void DrawSequence::Impl::prepare_encoder(const Input& input) {
  pixels = input.pixels;
  noise = input.noise;
  const std::int64_t units = shape.enc_rnn_size, constant = constant_columns();
  const ConstMatrix input_weight = weight(kEncoderInput, kGates * units);
  const std::array parts{input_weight.slice_columns(constant, input_weight.columns - constant),
                         weight(kEncoderHidden, kGates * units)};
  encoder_weights.pack(parts, WeightLayout::kOutputMajor, precision);
  if (constant > 0) {
    kernels::PackedWeights of_x;
    of_x.pack(input_weight.slice_columns(0, constant), WeightLayout::kOutputMajor, precision);
    encoder_start.resize(batch, kGates * units);
    kernels::multiply_parallel(of_x, pixels, repeated(parameters[kEncoderBias], batch), encoder_start.view());
  }
  StackedLayers layers;
  layers.append(parameters[kMuWeight], parameters[kMuBias]);
  layers.append(parameters[kLogSigmaWeight], parameters[kLogSigmaBias]);
  layers.pack_into(latent_weights, precision);
  latent_bias = layers.bias;
  const std::int64_t steps = keeps ? shape.steps : 1, states = keeps ? shape.steps + 1 : 1;
  error.resize(steps * batch, shape.image_size());
  if (shape.reads_with_attention) glimpse.resize(steps * batch, shape.glimpse_size());
  encoder_gates.resize(steps * batch, kGates * units);
  encoder_h.resize(states * batch, units);
  encoder_c.resize(states * batch, units);
  latent.resize(steps * batch, 2 * shape.z_size);
}

void DrawSequence::Impl::start_slice(const ImageSlice& slice, DrawScratch& scratch) {
  const Matrix h = rows(decoder_h, 0, slice);
  set_initial(parameters[kDecoderInitial], h, rows(decoder_c, 0, slice));
  head_weights.multiply(h, repeated(head_bias, slice.count), rows(head_values, 0, slice), scratch.gemm);
  for (std::int64_t b = slice.first; b < slice.first + slice.count; ++b)
    std::copy_n(parameters[kCanvas].data(), shape.image_size(), canvas.row(b));
  if (pixels.data) set_initial(parameters[kEncoderInitial], rows(encoder_h, 0, slice), rows(encoder_c, 0, slice));
}

void DrawSequence::Impl::encode_step(std::int64_t t, const ImageSlice& slice, DrawScratch& scratch,
                                     DrawLosses& losses) {
  const ConstMatrix x = pixels.slice_rows(slice.first, slice.count);
  const Matrix x_hat = rows(error, t, slice), gates = rows(encoder_gates, t, slice);
  for (std::int64_t r = 0; r < slice.count; ++r)  // eq. 3
    kernels::error_image_row(x.row(r), canvas.row(slice.first + r), shape.image_size(), x_hat.row(r));
  if (shape.reads_with_attention)  // eq. 4 and 27; without attention [x; x̂] is read as it is, eq. 17
    kernels::read_windows(shape.read_window(), {head_rows(t, slice, heads.read_window), x, x_hat},
                          rows(glimpse, t, slice), scratch.window);
  // Eq. 5.
  const std::array inputs{ConstMatrix(rows(glimpse_buffer(), t, slice)), ConstMatrix(rows(decoder_h, t, slice)),
                          ConstMatrix(rows(encoder_h, t, slice))};
  const ConstMatrix start = constant_columns() > 0 ? encoder_start.view().slice_rows(slice.first, slice.count)
                                                   : repeated(parameters[kEncoderBias], slice.count);
  encoder_weights.multiply(inputs, start, gates, scratch.gemm);
  const Matrix h = rows(encoder_h, t + 1, slice);
  step_cell({gates, rows(encoder_c, t, slice), rows(encoder_c, t + 1, slice), h});
  // Eq. 6.
  const Matrix distribution = rows(latent, t, slice), drawn = rows(z, t, slice);
  latent_weights.multiply(h, repeated(latent_bias, slice.count), distribution, scratch.gemm);
  for (std::int64_t r = 0; r < slice.count; ++r) {
    const std::int64_t b = slice.first + r;
    double log_ratio = 0;
    losses.kl[static_cast<std::size_t>(b * shape.steps + t)] =
        kernels::gaussian_latent_row({.spread = kernels::LatentSpread::kLogDeviation,
                                      .z_size = shape.z_size,
                                      .latent = distribution.row(r),
                                      .noise = noise.row(b) + t * shape.z_size,
                                      .z = drawn.row(r),
                                      .log_ratio = &log_ratio});
    losses.log_ratio[static_cast<std::size_t>(b)] += log_ratio;
  }
}

void DrawSequence::Impl::decode_step(std::int64_t t, const ImageSlice& slice, DrawScratch& scratch) {
  // Eq. 7.
  const Matrix gates = rows(decoder_gates, t, slice), h = rows(decoder_h, t + 1, slice);
  const std::array inputs{ConstMatrix(rows(z, t, slice)), ConstMatrix(rows(decoder_h, t, slice))};
  decoder_weights.multiply(inputs, repeated(parameters[kDecoderBias], slice.count), gates, scratch.gemm);
  step_cell({gates, rows(decoder_c, t, slice), rows(decoder_c, t + 1, slice), h});
  // Eq. 21 for this step's write and the next step's read, eq. 28 (or 18).
  head_weights.multiply(h, repeated(head_bias, slice.count), rows(head_values, t + 1, slice), scratch.gemm);
  // Eq. 8.
  const Matrix c = canvas.view().slice_rows(slice.first, slice.count), patch = head_rows(t + 1, slice, heads.patch);
  if (shape.writes_with_attention) {
    kernels::write_windows(shape.write_window(), head_rows(t + 1, slice, heads.write_window), patch, c, scratch.window);
  } else {
    for (std::int64_t r = 0; r < slice.count; ++r) add_row(patch.row(r), shape.image_size(), c.row(r));
  }
}

void DrawSequence::Impl::reconstruction_losses(std::span<double> losses, Matrix gradient) {
  kernels::PixelLosses job{.likelihood = shape.likelihood,
                           .logits = canvas.view(),
                           .targets = pixels,
                           .sums = losses,
                           .gradient = gradient,
                           .gradient_scale = gradient_scale};
  if (shape.likelihood == kernels::PixelLikelihood::kBernoulli) return kernels::pixel_losses(job);
  // -log N(x | m, s²) = (x - m)² / 2s² + log s + ½ log 2π.
  const double deviation = static_cast<double>(shape.pixel_deviation), weight = 0.5 / (deviation * deviation);
  const double constant = std::log(deviation) + 0.5 * std::log(2 * std::numbers::pi);
  job.gradient_scale *= static_cast<float>(weight);
  kernels::pixel_losses(job);
  for (double& loss : losses) loss = weight * loss + static_cast<double>(shape.image_size()) * constant;
}

void DrawSequence::Impl::trace_encoding(std::int64_t t, const ImageSlice& slice, const Trace& trace) {
  if (trace.read_windows.data)
    copy_rows(head_rows(t, slice, heads.read_window),
              trace.read_windows.slice_rows(t * batch + slice.first, slice.count));
}

void DrawSequence::Impl::trace_decoding(std::int64_t t, const ImageSlice& slice, const Trace& trace) {
  const Matrix c = canvas.view().slice_rows(slice.first, slice.count);
  const std::int64_t first = t * batch + slice.first;
  if (trace.z.data)
    copy_rows(rows(z, t, slice),
              trace.z.slice_rows(slice.first, slice.count).slice_columns(t * shape.z_size, shape.z_size));
  if (trace.write_windows.data)
    copy_rows(head_rows(t + 1, slice, heads.write_window), trace.write_windows.slice_rows(first, slice.count));
  if (trace.canvases.data) copy_rows(c, trace.canvases.slice_rows(first, slice.count));
  if (trace.canvas.data && t + 1 == shape.steps) copy_rows(c, trace.canvas.slice_rows(slice.first, slice.count));
}

}  // namespace limn::models
