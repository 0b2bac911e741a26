// The tensors of a Sketch-RNN: names, shapes, and views of them sorted by what they do. The memory belongs to someone
// else (a checkpoint, or the trainer) and must outlive a view. Views are cheap to copy; any number of threads may read
// through one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/kernels/cells/cell_shape.hpp"
#include "limn/kernels/parameters.hpp"
#include "limn/models/sketch_rnn/options.hpp"

namespace limn::models {

struct SketchRnnContents;

[[nodiscard]] kernels::CellShape encoder_shape(const SketchRnnOptions& options);
[[nodiscard]] kernels::CellShape decoder_shape(const SketchRnnOptions& options);

// Every tensor of the model, in a fixed order, with its full name ("encoder.forward.weight_ih", …) and shape:
// encoder.forward.*, encoder.backward.*, encoder.mu.*, encoder.log_variance.*, decoder.initial_state.*,
// decoder.cell.*, decoder.output.*. An unconditional model has only the last two.
[[nodiscard]] std::vector<kernels::ParameterSpec> sketch_rnn_parameters(const SketchRnnOptions& options);

template <class T>
struct LinearTensors {
  std::span<T> weight;  // [out, in]
  std::span<T> bias;    // [out]
};
using LinearWeights = LinearTensors<const float>;
using LinearGradients = LinearTensors<float>;

template <class T>
struct SketchRnnTensors {
  // In the order of kernels::cell_parameters(). The encoder's and what reads z are empty in an unconditional model.
  std::vector<std::span<T>> encoder_forward;
  std::vector<std::span<T>> encoder_backward;
  std::vector<std::span<T>> decoder_cell;
  LinearTensors<T> mu;             // [Z, 2 He]
  LinearTensors<T> log_variance;   // [Z, 2 He]
  LinearTensors<T> initial_state;  // [S, Z]
  LinearTensors<T> output;         // [3 + 6M, H]
};
using SketchRnnGradients = SketchRnnTensors<float>;

struct SketchRnnWeights : SketchRnnTensors<const float> {
  SketchRnnOptions options;
  // The decoder reads tanh(z): imported models of before version 6 (magenta_json.hpp).
  bool squashes_latent = false;
  std::int64_t encoder_rows = 0;  // of SketchRnnContents
};

// `tensors` in the order of sketch_rnn_parameters(options). Throws Error if one has another length.
[[nodiscard]] SketchRnnWeights sketch_rnn_weights(const SketchRnnOptions& options, kernels::Parameters tensors);
[[nodiscard]] SketchRnnGradients sketch_rnn_gradients(const SketchRnnOptions& options,
                                                      kernels::ParameterGradients tensors);
// Views of the checkpoint's tensors.
[[nodiscard]] SketchRnnWeights sketch_rnn_weights(const SketchRnnContents& checkpoint);

}  // namespace limn::models
