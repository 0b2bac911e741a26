#include "limn/models/sketch_rnn/encoder_pass.hpp"

#include <algorithm>

#include "limn/core/error.hpp"

namespace limn::models {
namespace {

using kernels::Direction;

constexpr std::array<float, sketch::kStroke5> kEndRow{0, 0, 0, 0, 1};

}  // namespace

SketchRnnEncoderPass::SketchRnnEncoderPass(const SketchRnnOptions& options, kernels::Precision precision)
    : units_(options.enc_rnn_size),
      z_size_(options.z_size),
      state_size_(kernels::state_size(encoder_shape(options))),
      forward_(encoder_shape(options), Direction::kForward, precision),
      backward_(encoder_shape(options), Direction::kBackward, precision) {
  require(options.conditional, "the model is unconditional: it has no encoder, and sketches have no z");
}

// S_1 … S_Ns. Sketches without points come last in a batch and are not there.
SketchRnnEncoderPass::Rows SketchRnnEncoderPass::rows_to_read(const sketch::StrokeBatch& batch,
                                                              std::int64_t encoder_rows) {
  if (batch.active.empty()) return {};
  if (encoder_rows > 0) {
    pad(batch, encoder_rows);
    const auto count = static_cast<std::int64_t>(padded_rows_.size()) / sketch::kStroke5;
    return {.active = padded_active_, .x = ConstMatrix(padded_rows_.data(), count, sketch::kStroke5)};
  }
  const std::int64_t first_row = batch.active.front();
  return {
      .active = std::span(batch.active).subspan(1),
      .x = ConstMatrix(batch.inputs.data() + first_row * sketch::kStroke5, batch.rows() - first_row, sketch::kStroke5)};
}

// S_0 … S_Ns and end rows: `at_least` rows in all, or Ns + 2 of a longer sketch.
void SketchRnnEncoderPass::pad(const sketch::StrokeBatch& batch, std::int64_t at_least) {
  const auto steps = static_cast<std::int64_t>(batch.active.size());  // S_0 … S_Ns of the longest
  const float* next = batch.inputs.data();
  padded_active_.clear();
  padded_rows_.clear();
  for (std::int64_t t = 0; t < std::max(at_least, steps + 1); ++t) {
    const std::int64_t drawn = t < steps ? batch.active[static_cast<std::size_t>(t)] : 0;
    padded_active_.push_back(t < at_least ? batch.batch_size() : batch.active[static_cast<std::size_t>(t - 1)]);
    padded_rows_.insert(padded_rows_.end(), next, next + drawn * sketch::kStroke5);
    next += drawn * sketch::kStroke5;
    for (std::int64_t b = drawn; b < padded_active_.back(); ++b)
      padded_rows_.insert(padded_rows_.end(), kEndRow.begin(), kEndRow.end());
  }
}

void SketchRnnEncoderPass::forward(const SketchRnnWeights& weights, const Input& input, Matrix latent) {
  const std::int64_t size = input.batch.batch_size();
  rows_ = rows_to_read(input.batch, weights.encoder_rows);
  const std::int64_t read = rows_.sequences();
  hidden_.resize(size, 2 * units_);
  states_.resize(read, state_size_);
  const auto run = [&](kernels::RecurrentSequence& cell, kernels::Parameters parameters,
                       const kernels::RecurrentDropout& dropout, std::int64_t column) {
    cell.forward({.parameters = parameters,
                  .active = rows_.active,
                  .x = rows_.x,
                  .dropout = dropout,
                  .keep_for_backward = input.keep_for_backward},
                 {}, states_.view());
    // h: the first columns of a state.
    for (std::int64_t b = 0; b < size; ++b) {
      float* const h = hidden_.row(b) + column;
      if (b < read)
        std::copy_n(states_.row(b), units_, h);
      else
        std::fill_n(h, units_, 0.0F);
    }
  };
  run(forward_, weights.encoder_forward, input.dropout_forward, 0);
  run(backward_, weights.encoder_backward, input.dropout_backward, units_);
  const auto apply = [&](kernels::LinearLayer& layer, const LinearWeights& w, std::int64_t column) {
    layer.forward(ConstMatrix(w.weight, z_size_, 2 * units_), w.bias, hidden_.view(),
                  latent.slice_columns(column, z_size_));
  };
  apply(mu_, weights.mu, 0);
  apply(log_variance_, weights.log_variance, z_size_);
}

void SketchRnnEncoderPass::backward(const SketchRnnWeights& weights, ConstMatrix d_latent,
                                    const SketchRnnGradients& gradients) {
  const std::int64_t size = hidden_.rows(), read = rows_.sequences();
  d_hidden_.resize(size, 2 * units_);
  d_part_.resize(size, 2 * units_);
  const auto go_back = [&](kernels::LinearLayer& layer, const LinearWeights& w, const LinearGradients& g,
                           std::int64_t column, Matrix d_hidden) {
    layer.backward(ConstMatrix(w.weight, z_size_, 2 * units_), hidden_.view(), d_latent.slice_columns(column, z_size_),
                   Matrix(g.weight, z_size_, 2 * units_), g.bias, d_hidden);
  };
  go_back(mu_, weights.mu, gradients.mu, 0, d_hidden_.view());
  go_back(log_variance_, weights.log_variance, gradients.log_variance, z_size_, d_part_.view());

  // Of a state only h was used.
  states_.fill(0);
  const auto run = [&](kernels::RecurrentSequence& cell, kernels::ParameterGradients parameters, std::int64_t column) {
    for (std::int64_t b = 0; b < read; ++b)
      for (std::int64_t j = 0; j < units_; ++j)
        states_.row(b)[j] = d_hidden_.row(b)[column + j] + d_part_.row(b)[column + j];
    cell.backward({.final_state = states_.view(), .parameters = parameters});
  };
  run(forward_, gradients.encoder_forward, 0);
  run(backward_, gradients.encoder_backward, units_);
}

}  // namespace limn::models
