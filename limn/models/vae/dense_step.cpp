#include "limn/models/vae/dense_step.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "limn/kernels/losses/gaussian_latent.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::kernels {
namespace {

enum Layer : std::size_t { kEncoderHidden, kLatent, kDecoderHidden, kPixels };

// The fewest images that a task takes through the network, and the fewest columns of the wide matrix that a task of the
// weight gradients takes: below that a product is mostly packing.
constexpr std::int64_t kRowsAtOnce = 32;
constexpr std::int64_t kGradientColumns = 128;

std::int64_t quotient_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Into how many tasks `size` rows or columns are cut: few large ones for few threads. With oneDNN the cut decides the
// last bits, so there it does not follow the threads.
std::int64_t task_count(std::int64_t size, std::int64_t least) {
  const std::int64_t most = quotient_up(size, least);
  return gemm_backend() == GemmBackend::kOneDnn ? most : std::min<std::int64_t>(most, thread_count());
}

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

// Block `i` of `blocks` of the gradient of a layer that met inputs x with output gradients d, cut along its longer side.
void gradient_block(ConstMatrix d, ConstMatrix x, Matrix out, std::int64_t i, std::int64_t blocks, Precision precision) {
  const bool cuts_rows = d.columns > x.columns;
  const std::int64_t size = cuts_rows ? d.columns : x.columns;
  const std::int64_t first = size * i / blocks, count = size * (i + 1) / blocks - first;
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
  const std::int64_t tasks = task_count(rows, kRowsAtOnce);
  parallel_for(tasks, [&](std::int64_t task) {
    const std::int64_t first = rows * task / tasks;
    run_rows(weights, batch, first, rows * (task + 1) / tasks - first);
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
  struct Task {
    std::size_t layer;
    std::int64_t block, blocks;  // no blocks: the bias
  };
  std::vector<Task> tasks;
  for (std::size_t layer = 0; layer < jobs.size(); ++layer) {
    const std::int64_t blocks = task_count(std::max(jobs[layer].d.columns, jobs[layer].x.columns), kGradientColumns);
    for (std::int64_t i = 0; i < blocks; ++i) tasks.push_back({layer, i, blocks});
    tasks.push_back({layer, 0, 0});
  }
  parallel_for(static_cast<std::int64_t>(tasks.size()), [&](std::int64_t i) {
    const auto [layer, block, blocks] = tasks[static_cast<std::size_t>(i)];
    if (blocks == 0)
      sum_columns(jobs[layer].d, gradients[layer].bias);
    else
      gradient_block(jobs[layer].d, jobs[layer].x, gradients[layer].weight, block, blocks, precision_);
  });
}

}  // namespace limn::kernels
