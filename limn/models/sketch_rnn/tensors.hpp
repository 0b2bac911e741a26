// A Sketch-RNN's tensors as views of memory that someone else owns (a checkpoint, or the trainer's
// parameters), sorted by what they do. Cheap to copy; the memory must outlive it. Any number of threads may
// read one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/models/sketch_rnn/checkpoint.hpp"
#include "limn/models/sketch_rnn/options.hpp"

namespace limn {

struct LinearWeights {
  std::span<const float> weight;  // [out, in]
  std::span<const float> bias;    // [out]
};

struct SketchRnnWeights {
  SketchRnnOptions options;
  bool squashes_latent =
      false;  // the decoder reads tanh(z): imported models of before version 6 (magenta_json.hpp)
  std::int64_t encoder_rows = 0;  // of SketchRnnCheckpoint
  // In the order of kernels::cell_parameters(). The encoder's and what reads z are empty in an unconditional
  // model.
  std::vector<std::span<const float>> encoder_forward;
  std::vector<std::span<const float>> encoder_backward;
  std::vector<std::span<const float>> decoder_cell;
  LinearWeights mu;             // [Z, 2 He]
  LinearWeights log_variance;   // [Z, 2 He]
  LinearWeights initial_state;  // [S, Z]
  LinearWeights output;         // [3 + 6M, H]
};

// `tensors` in the order of sketch_rnn_parameters(options). Throws Error if one has another length.
[[nodiscard]] SketchRnnWeights sketch_rnn_weights(const SketchRnnOptions& options,
                                                  std::span<const std::span<const float>> tensors);
// Views of the checkpoint's tensors.
[[nodiscard]] SketchRnnWeights sketch_rnn_weights(const SketchRnnCheckpoint& checkpoint);

}  // namespace limn
