#include "limn/kernels/dense_vae.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "limn/kernels/gaussian_latent.hpp"
#include "limn/kernels/parallel.hpp"

namespace limn::kernels {
namespace {

enum Layer : std::size_t { kEncoderHidden, kLatent, kDecoderHidden, kPixels };

// Images that one task takes through the network: enough for a product to run at full speed, few enough that two to four
// threads share a batch of 128.
constexpr std::int64_t kRowsAtOnce = 32;
// Columns of the wide matrix that one task of the weight gradients takes.
constexpr std::int64_t kGradientColumns = 128;

void apply(const PackedWeights& weights, std::span<const float> bias, ConstMatrix x, Matrix y, GemmScratch& scratch) {
  weights.multiply(x, ConstMatrix(bias.data(), y.rows, y.columns, 0), y, scratch);
}

void relu(Matrix x) {
  for (std::int64_t r = 0; r < x.rows; ++r) {
    float* const row = x.row(r);
    for (std::int64_t i = 0; i < x.columns; ++i) row[i] = std::max(row[i], 0.0f);
  }
}

// d = 0 where the activation was cut off.
void relu_backward(ConstMatrix activation, Matrix d) {
  for (std::int64_t r = 0; r < d.rows; ++r) {
    const float* const y = activation.row(r);
    float* const row = d.row(r);
    for (std::int64_t i = 0; i < d.columns; ++i) row[i] = y[i] > 0.0f ? row[i] : 0.0f;
  }
}

void sum_columns(ConstMatrix d, std::span<float> out) {
  std::ranges::fill(out, 0.0f);
  for (std::int64_t r = 0; r < d.rows; ++r) {
    const float* const row = d.row(r);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += row[i];
  }
}

std::int64_t divisor(const DenseVaeBatch& batch) { return batch.whole_rows ? batch.whole_rows : batch.pixels.rows; }

std::int64_t count_blocks(std::int64_t columns) { return (columns + kGradientColumns - 1) / kGradientColumns; }

// Block `i` of the gradient of a layer that met inputs x with output gradients d, cut along its longer side.
void gradient_block(ConstMatrix d, ConstMatrix x, Matrix out, std::int64_t i, Precision precision) {
  const bool cuts_rows = d.columns > x.columns;
  const std::int64_t size = cuts_rows ? d.columns : x.columns;
  const std::int64_t first = i * kGradientColumns, count = std::min(kGradientColumns, size - first);
  WeightGradient part{.a = x, .out = out};
  if (cuts_rows) {
    d = d.slice_columns(first, count);
    part.out = out.slice_rows(first, count);
  } else {
    part.a = x.slice_columns(first, count);
    part.out = out.slice_columns(first, count);
  }
  weight_gradients(d, std::span(&part, 1), false, precision);
}

}  // namespace

DenseVaeLosses DenseVae::losses_and_gradients(const DenseVaeWeights& weights, const DenseVaeBatch& batch,
                                              const DenseVaeGradients& gradients) {
  const std::int64_t rows = batch.pixels.rows;
  assert(batch.pixels.columns == shape_.pixels && batch.noise.rows == rows && batch.noise.columns == shape_.z_size);
  for (MatrixBuffer* buffer : {&encoder_hidden_, &d_encoder_hidden_, &decoder_hidden_, &d_decoder_hidden_})
    buffer->resize(rows, shape_.hidden);
  latent_.resize(rows, 2 * shape_.z_size);
  z_.resize(rows, shape_.z_size);
  d_z_.resize(rows, shape_.z_size);
  logits_.resize(rows, shape_.pixels);
  reconstruction_.resize(static_cast<std::size_t>(rows));
  kl_.resize(static_cast<std::size_t>(rows));

  pack(weights);
  parallel_for((rows + kRowsAtOnce - 1) / kRowsAtOnce, [&](std::int64_t task) {
    const std::int64_t first = task * kRowsAtOnce;
    run_rows(weights, batch, first, std::min(kRowsAtOnce, rows - first));
  });
  sum_gradients(batch, gradients);
  const auto mean = [&](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(divisor(batch));
  };
  return {.reconstruction = mean(reconstruction_), .kl = mean(kl_)};
}

void DenseVae::pack(const DenseVaeWeights& weights) {
  // Two products read the last layer's weights; the largest packings come first.
  constexpr std::array<std::pair<Layer, bool>, 7> kJobs{{{kPixels, false}, {kPixels, true}, {kEncoderHidden, false},
                                                         {kLatent, false}, {kLatent, true}, {kDecoderHidden, false},
                                                         {kDecoderHidden, true}}};
  parallel_for(kJobs.size(), [&](std::int64_t i) {
    const auto [layer, is_backward] = kJobs[static_cast<std::size_t>(i)];
    auto& packed = is_backward ? backward_ : forward_;
    packed[layer].pack(weights[layer].weight, is_backward ? WeightLayout::kInputMajor : WeightLayout::kOutputMajor,
                       precision_);
  });
}

void DenseVae::run_rows(const DenseVaeWeights& weights, const DenseVaeBatch& batch, std::int64_t first,
                        std::int64_t count) {
  const float share = 1.0f / static_cast<float>(divisor(batch));
  const auto rows = [&](MatrixBuffer& buffer) { return buffer.view().slice_rows(first, count); };
  const Matrix hidden = rows(encoder_hidden_), latent = rows(latent_), z = rows(z_), d_z = rows(d_z_);
  const Matrix decoder_hidden = rows(decoder_hidden_), logits = rows(logits_);
  GemmScratch scratch;
  apply(forward_[kEncoderHidden], weights[kEncoderHidden].bias, batch.pixels.slice_rows(first, count), hidden, scratch);
  relu(hidden);
  apply(forward_[kLatent], weights[kLatent].bias, hidden, latent, scratch);
  sample_rows(batch, first, count);
  apply(forward_[kDecoderHidden], weights[kDecoderHidden].bias, z, decoder_hidden, scratch);
  relu(decoder_hidden);
  apply(forward_[kPixels], weights[kPixels].bias, decoder_hidden, logits, scratch);
  pixel_losses({.likelihood = batch.likelihood,
                .logits = logits,
                .targets = batch.pixels.slice_rows(first, count),
                .sums = std::span(reconstruction_).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
                .gradient = logits,
                .gradient_scale = share});

  const Matrix d_decoder_hidden = rows(d_decoder_hidden_), d_hidden = rows(d_encoder_hidden_);
  backward_[kPixels].multiply(logits, {}, d_decoder_hidden, scratch);
  relu_backward(decoder_hidden, d_decoder_hidden);
  backward_[kDecoderHidden].multiply(d_decoder_hidden, {}, d_z, scratch);
  for (std::int64_t r = 0; r < count; ++r)
    gaussian_latent_backward_row({.z_size = shape_.z_size,
                                  .kl_scale = batch.beta * share,
                                  .z = z.row(r),
                                  .dz = d_z.row(r),
                                  .latent = latent.row(r)});
  backward_[kLatent].multiply(latent, {}, d_hidden, scratch);
  relu_backward(hidden, d_hidden);
}

void DenseVae::sample_rows(const DenseVaeBatch& batch, std::int64_t first, std::int64_t count) {
  for (std::int64_t r = first; r < first + count; ++r)
    kl_[static_cast<std::size_t>(r)] = gaussian_latent_row({.z_size = shape_.z_size,
                                                            .latent = latent_.row(r),
                                                            .noise = batch.noise.row(r),
                                                            .z = z_.row(r)});
}

void DenseVae::sum_gradients(const DenseVaeBatch& batch, const DenseVaeGradients& gradients) {
  struct Job {
    ConstMatrix d, x;
  };
  const std::array<Job, kDenseVaeLayers> jobs{Job{d_encoder_hidden_.view(), batch.pixels},
                                              Job{latent_.view(), encoder_hidden_.view()},
                                              Job{d_decoder_hidden_.view(), z_.view()},
                                              Job{logits_.view(), decoder_hidden_.view()}};
  std::vector<std::pair<std::size_t, std::int64_t>> tasks;  // layer and block; −1: the bias
  for (std::size_t layer = 0; layer < jobs.size(); ++layer) {
    const std::int64_t blocks = count_blocks(std::max(jobs[layer].d.columns, jobs[layer].x.columns));
    for (std::int64_t i = 0; i < blocks; ++i) tasks.emplace_back(layer, i);
    tasks.emplace_back(layer, -1);
  }
  parallel_for(static_cast<std::int64_t>(tasks.size()), [&](std::int64_t task) {
    const auto [layer, block] = tasks[static_cast<std::size_t>(task)];
    if (block < 0)
      sum_columns(jobs[layer].d, gradients[layer].bias);
    else
      gradient_block(jobs[layer].d, jobs[layer].x, gradients[layer].weight, block, precision_);
  });
}

}  // namespace limn::kernels
