#include "limn/models/sketch_rnn/encoder.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/kernels/cells/recurrent.hpp"

namespace limn {
namespace {

constexpr std::size_t kSketchesAtOnce = 256;  // bounds the memory that encoding a large set takes

// What the encoder reads: packed rows, as kernels/recurrent.hpp wants them.
struct EncoderInput {
  std::span<const std::int64_t> active;
  ConstMatrix x;  // [R, 5]
};

// S_1 … S_Ns. Sketches without points come last in a batch and are not there.
EncoderInput points_of(const StrokeBatch& batch) {
  if (batch.active.empty()) return {};
  const std::int64_t first_row = batch.active.front();
  return {.active = std::span(batch.active).subspan(1),
          .x = ConstMatrix(batch.inputs.data() + first_row * kStroke5, batch.rows() - first_row, kStroke5)};
}

// S_0 … S_Ns and end rows: `at_least` rows in all, or Ns + 2 of a longer sketch.
struct PaddedRows {
  std::vector<std::int64_t> active;
  std::vector<float> rows;

  PaddedRows(const StrokeBatch& batch, std::int64_t at_least) {
    const auto steps = static_cast<std::int64_t>(batch.active.size());  // S_0 … S_Ns of the longest
    const float* next = batch.inputs.data();
    for (std::int64_t t = 0; t < std::max(at_least, steps + 1); ++t) {
      const std::int64_t drawn = t < steps ? batch.active[static_cast<std::size_t>(t)] : 0;
      active.push_back(t < at_least ? batch.batch_size() : batch.active[static_cast<std::size_t>(t - 1)]);
      rows.insert(rows.end(), next, next + drawn * kStroke5);
      next += drawn * kStroke5;
      for (std::int64_t b = drawn; b < active.back(); ++b) rows.insert(rows.end(), {0, 0, 0, 0, 1});
    }
  }
  [[nodiscard]] EncoderInput input() const {
    return {.active = active,
            .x = ConstMatrix(rows.data(), static_cast<std::int64_t>(rows.size()) / kStroke5, kStroke5)};
  }
};

// The state of one direction after its last step, [count, S]; zeros for sketches that are not in the input.
std::vector<float> final_states(const EncoderInput& input, std::int64_t count,
                                const kernels::CellShape& shape, kernels::Direction direction,
                                kernels::Parameters parameters) {
  const std::int64_t size = kernels::state_size(shape);
  std::vector<float> states(static_cast<std::size_t>(count * size));
  if (input.active.empty()) return states;
  kernels::RecurrentSequence cell(shape, direction);
  cell.forward({.parameters = parameters, .active = input.active, .x = input.x, .keep_for_backward = false},
               {}, Matrix(states.data(), input.active.front(), size));
  return states;
}

}  // namespace

SketchRnnEncoder::SketchRnnEncoder(const SketchRnnWeights& weights) : weights_(weights) {
  require(weights.options.conditional,
          "the model is unconditional: it has no encoder, and sketches have no z");
  mu_ = PackedLinear(weights.mu, 2 * weights.options.enc_rnn_size);
  log_variance_ = PackedLinear(weights.log_variance, 2 * weights.options.enc_rnn_size);
}

std::vector<float> SketchRnnEncoder::hidden(const StrokeBatch& batch) const {
  const auto shape = encoder_shape(weights_.options);
  const std::int64_t n = batch.batch_size(), units = shape.hidden_size, state = kernels::state_size(shape);
  std::optional<PaddedRows> padded;
  if (weights_.encoder_rows > 0) padded.emplace(batch, weights_.encoder_rows);
  const EncoderInput input = padded ? padded->input() : points_of(batch);
  std::vector<float> h(static_cast<std::size_t>(n * 2 * units));
  const Matrix all(h.data(), n, 2 * units);
  // h is the first columns of a state.
  const auto keep = [&](const std::vector<float>& states, std::int64_t column) {
    for (std::int64_t b = 0; b < n; ++b) std::copy_n(states.data() + b * state, units, all.row(b) + column);
  };
  keep(final_states(input, n, shape, kernels::Direction::kForward, weights_.encoder_forward), 0);
  keep(final_states(input, n, shape, kernels::Direction::kBackward, weights_.encoder_backward), units);
  return h;
}

LatentPosterior SketchRnnEncoder::encode(const StrokeBatch& batch) const {
  const std::int64_t n = batch.batch_size(), z_size = weights_.options.z_size;
  LatentPosterior posterior{.mu = Latents(n, z_size), .log_variance = Latents(n, z_size)};
  if (n == 0) return posterior;
  const std::vector<float> values = hidden(batch);
  const ConstMatrix h(values.data(), n, 2 * weights_.options.enc_rnn_size);
  kernels::GemmScratch scratch;
  mu_.apply(h, Matrix(posterior.mu.values.data(), n, z_size), scratch);
  log_variance_.apply(h, Matrix(posterior.log_variance.values.data(), n, z_size), scratch);
  return posterior;
}

LatentPosterior SketchRnnEncoder::encode(std::span<const Sketch> sketches) const {
  const auto n = static_cast<std::int64_t>(sketches.size());
  LatentPosterior all{.mu = Latents(n, weights_.options.z_size),
                      .log_variance = Latents(n, weights_.options.z_size)};
  for (std::size_t first = 0; first < sketches.size(); first += kSketchesAtOnce) {
    std::vector<const Sketch*> some;
    for (std::size_t i = first; i < std::min(sketches.size(), first + kSketchesAtOnce); ++i)
      some.push_back(&sketches[i]);
    std::vector<std::int64_t> indices(some.size());
    std::iota(indices.begin(), indices.end(), static_cast<std::int64_t>(first));
    const StrokeBatch batch = make_batch(some, indices);
    const LatentPosterior part = encode(batch);
    for (std::int64_t b = 0; b < batch.batch_size(); ++b) {
      const std::int64_t i = batch.indices[static_cast<std::size_t>(b)];
      std::ranges::copy(part.mu.row(b), all.mu.row(i).begin());
      std::ranges::copy(part.log_variance.row(b), all.log_variance.row(i).begin());
    }
  }
  return all;
}

}  // namespace limn
