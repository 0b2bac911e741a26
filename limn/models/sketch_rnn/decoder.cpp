#include "limn/models/sketch_rnn/decoder.hpp"

#include <algorithm>
#include <cassert>

#include "limn/models/sketch_rnn/decoder_pass.hpp"

namespace limn::models {
namespace {

void compact(std::vector<float>& values, std::size_t row_size, std::span<const std::int64_t> kept) {
  for (std::size_t to = 0; to < kept.size(); ++to) {
    const auto from = static_cast<std::size_t>(kept[to]);
    if (from != to)
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(from * row_size), row_size,
                  values.begin() + static_cast<std::ptrdiff_t>(to * row_size));
  }
  values.resize(kept.size() * row_size);
}

std::vector<float> read_latents(ConstMatrix z, bool squashes) {
  std::vector<float> read;
  for (std::int64_t r = 0; r < z.rows; ++r) read.insert(read.end(), z.row(r), z.row(r) + z.columns);
  if (squashes) squash(Matrix(read.data(), z.rows, z.columns));
  return read;
}

}  // namespace

void DecoderRows::append(const DecoderRows& more) {
  state.insert(state.end(), more.state.begin(), more.state.end());
  prepared.insert(prepared.end(), more.prepared.begin(), more.prepared.end());
  count += more.count;
}

void DecoderRows::keep(std::span<const std::int64_t> kept) {
  assert(std::ranges::is_sorted(kept));
  if (count == static_cast<std::int64_t>(kept.size())) return;
  compact(state, state.size() / static_cast<std::size_t>(count), kept);
  compact(prepared, prepared.size() / static_cast<std::size_t>(count), kept);
  count = static_cast<std::int64_t>(kept.size());
}

DecoderRows DecoderRows::gathered(std::span<const std::int64_t> rows) const {
  DecoderRows copies{.count = std::ssize(rows), .state = {}, .prepared = {}};
  const auto copy = [&](const std::vector<float>& from, std::vector<float>& to) {
    const std::ptrdiff_t size = count == 0 ? 0 : std::ssize(from) / count;
    for (const std::int64_t row : rows) to.insert(to.end(), from.begin() + row * size, from.begin() + (row + 1) * size);
  };
  copy(state, copies.state);
  copy(prepared, copies.prepared);
  return copies;
}

std::vector<float> decoder_latents(const SketchRnnWeights& weights, ConstMatrix z) {
  return read_latents(z, weights.squashes_latent);
}

SketchRnnDecoder::SketchRnnDecoder(const SketchRnnWeights& weights, kernels::Precision precision)
    : is_conditional_(weights.options.conditional),
      squashes_latent_(weights.squashes_latent),
      cell_(decoder_shape(weights.options), weights.decoder_cell, precision),
      output_(weights.output, weights.options.dec_rnn_size, precision) {
  if (is_conditional_) initial_state_ = PackedLinear(weights.initial_state, weights.options.z_size, precision);
}

DecoderRows SketchRnnDecoder::start(ConstMatrix z, std::int64_t count) const {
  const std::int64_t state_size = kernels::state_size(cell_.shape());
  DecoderRows rows{.count = count, .state = {}, .prepared = {}};
  if (!is_conditional_) {
    rows.state.assign(static_cast<std::size_t>(count * state_size), 0.0F);
    rows.prepared = cell_.prepare_constant({}, count);
    return rows;
  }
  assert(z.rows == count && z.columns == cell_.shape().constant_size);
  const std::vector<float> latents = read_latents(z, squashes_latent_);
  const ConstMatrix read(latents.data(), count, z.columns);
  rows.state.resize(static_cast<std::size_t>(count * state_size));
  const Matrix states(rows.state.data(), count, state_size);
  kernels::GemmScratch scratch;
  initial_state_.apply(read, states, scratch);
  squash(states);
  rows.prepared = cell_.prepare_constant(read, count);
  return rows;
}

void SketchRnnDecoder::step(ConstMatrix x, DecoderRows& rows) const {
  const ConstMatrix prepared(rows.prepared.data(), rows.count, cell_.prepared_size());
  cell_.step(x, prepared, Matrix(rows.state.data(), rows.count, kernels::state_size(cell_.shape())));
}

void SketchRnnDecoder::output(const DecoderRows& rows, Matrix y, kernels::GemmScratch& scratch) const {
  // h: the first H columns of the state.
  const ConstMatrix h(rows.state.data(), rows.count, cell_.shape().hidden_size, kernels::state_size(cell_.shape()));
  output_.apply(h, y, scratch);
}

}  // namespace limn::models
