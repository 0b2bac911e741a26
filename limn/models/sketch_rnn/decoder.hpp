// The decoder of a Sketch-RNN packed for drawing: initial states, single steps, output rows. Immutable after
// construction, so any number of threads may use one; what changes while drawing is in a DecoderRows of each
// call.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/kernels/cells/recurrent.hpp"
#include "limn/models/sketch_rnn/packed_linear.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"

namespace limn::models {

// The sketches that are being drawn together, one row each.
struct DecoderRows {
  std::int64_t count = 0;
  std::vector<float> state;     // [count, S]
  std::vector<float> prepared;  // [count, P]: what z adds to every step

  // Adds the rows of `more`, of the same decoder, at the end.
  void append(const DecoderRows& more);
  // Keeps rows kept[0], kept[1], … (increasing) and moves them to the front.
  void keep(std::span<const std::int64_t> kept);
  // Copies of rows[0], rows[1], …, in any order and any number of each.
  [[nodiscard]] DecoderRows gathered(std::span<const std::int64_t> rows) const;
};

// z [B, Z] as the decoder reads it: tanh(z) for a model that squashes its latent vectors. Z = 0 gives an
// empty vector.
[[nodiscard]] std::vector<float> decoder_latents(const SketchRnnWeights& weights, ConstMatrix z);

class SketchRnnDecoder {
 public:
  // Copies what it needs of the weights, in their precision: kFloat32 or kBFloat16Weights.
  explicit SketchRnnDecoder(const SketchRnnWeights& weights,
                            kernels::Precision precision = kernels::Precision::kFloat32);

  // `count` rows at the start of a drawing. z is [count, Z]; empty for an unconditional model.
  [[nodiscard]] DecoderRows start(ConstMatrix z, std::int64_t count) const;
  // Reads one stroke-5 row each: x [count, 5].
  void step(ConstMatrix x, DecoderRows& rows) const;
  // The decoder's output for the next row: y [count, 3 + 6M].
  void output(const DecoderRows& rows, Matrix y, kernels::GemmScratch& scratch) const;
  [[nodiscard]] std::int64_t output_size() const { return output_.out(); }

 private:
  bool is_conditional_;
  bool squashes_latent_;
  kernels::CellStepper cell_;
  PackedLinear initial_state_;
  PackedLinear output_;
};

}  // namespace limn::models
