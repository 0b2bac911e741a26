#include "limn/models/sketch_rnn/decoder.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace limn {
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

std::vector<float> squashed(ConstMatrix z, bool squashes) {
  std::vector<float> out;
  out.reserve(static_cast<std::size_t>(z.rows * z.columns));
  for (std::int64_t r = 0; r < z.rows; ++r)
    for (std::int64_t k = 0; k < z.columns; ++k) out.push_back(squashes ? std::tanh(z(r, k)) : z(r, k));
  return out;
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

std::vector<float> decoder_latents(const SketchRnnWeights& weights, ConstMatrix z) {
  return squashed(z, weights.squashes_latent);
}

std::vector<float> initial_states(const PackedLinear& layer, ConstMatrix z) {
  std::vector<float> states(static_cast<std::size_t>(z.rows * layer.out()));
  kernels::GemmScratch scratch;
  layer.apply(z, Matrix(states.data(), z.rows, layer.out()), scratch);
  for (float& value : states) value = std::tanh(value);
  return states;
}

SketchRnnDecoder::SketchRnnDecoder(const SketchRnnWeights& weights)
    : is_conditional_(weights.options.conditional),
      squashes_latent_(weights.squashes_latent),
      cell_(decoder_shape(weights.options), weights.decoder_cell),
      output_(weights.output, weights.options.dec_rnn_size) {
  if (is_conditional_) initial_state_ = PackedLinear(weights.initial_state, weights.options.z_size);
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
  const std::vector<float> latents = squashed(z, squashes_latent_);
  const ConstMatrix read(latents.data(), count, z.columns);
  rows.state = initial_states(initial_state_, read);
  rows.prepared = cell_.prepare_constant(read, count);
  return rows;
}

void SketchRnnDecoder::step(ConstMatrix x, DecoderRows& rows) const {
  const ConstMatrix prepared(rows.prepared.data(), rows.count, cell_.prepared_size());
  cell_.step(x, prepared, Matrix(rows.state.data(), rows.count, kernels::state_size(cell_.shape())));
}

void SketchRnnDecoder::output(const DecoderRows& rows, Matrix y, kernels::GemmScratch& scratch) const {
  // h: the first H columns of the state.
  const ConstMatrix h(rows.state.data(), rows.count, cell_.shape().hidden_size,
                      kernels::state_size(cell_.shape()));
  output_.apply(h, y, scratch);
}

}  // namespace limn
