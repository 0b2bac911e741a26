// The losses of a Sketch-RNN on a data set: what `limn eval` prints and what the trainer calls for validation. Plain
// functions over views of the weights; inside they use the pool of kernels/threads/parallel.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "limn/models/network_passes.hpp"
#include "limn/models/shared_work.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn::models {

struct EvaluationOptions {
  std::int64_t batch_size = 100;    // sketches at once; more takes more memory, the figures are the same
  std::int64_t max_seq_len = 0;     // N_max; 0: the data set's
  std::int64_t most = 0;            // only the first so many sketches of a data set's split; 0: all
  std::uint64_t seed = 0;           // of the latent noise: the ε of a sketch depends on it and the sketch's index
  bool uses_mean = false;           // z = μ instead of a draw
  bool with_shuffled_z = false;     // also reconstruct every sketch from the z of another
  NetworkPasses* passes = nullptr;  // of a model with these weights, in place of limn's kernels
  WorkShare among = {};             // processes that evaluate together; with_shuffled_z is for one alone
};

// Means over every sketch of the split, divided by what loss_steps says.
struct SketchRnnEvaluation {
  std::int64_t n = 0;                       // sketches
  double offset = 0;                        // L_s over i <= Ns
  double pen = 0;                           // L_p over i <= Ns, a sum over the pen states
  double kl = 0;                            // as it is, without tolerance; 0 for an unconditional model
  double reconstruction = 0;                // L_s + L_p
  double reconstruction_training_form = 0;  // the same with the rows and factors that training counts
  double total = 0;                         // reconstruction + kl_weight · max(kl, kl_tolerance)
  // Reconstruction where each sketch is decoded from the z of another one. Near `reconstruction`: the decoder
  // ignores z (posterior collapse). Absent unless asked for, for an unconditional model and for fewer than
  // two sketches.
  std::optional<double> reconstruction_shuffled_z = {};
};

// The batches cover the split; batch.indices number its sketches. max_seq_len must be given. Throws Error if
// there is no sketch.
[[nodiscard]] SketchRnnEvaluation evaluate(const SketchRnnWeights& weights,
                                           std::span<const sketch::StrokeBatch> batches,
                                           const EvaluationOptions& options);
[[nodiscard]] SketchRnnEvaluation evaluate(const SketchRnnWeights& weights, const sketch::StrokeDataset& data,
                                           Split split, EvaluationOptions options = {});

// The outputs of the layers on a batch, decoding from the posterior means with the true points as input.
struct SketchRnnLayers {
  std::vector<float> encoder;       // h [B, 2 · enc_rnn_size]; this and the next two are empty where unconditional
  std::vector<float> mu;            // [B, Z]
  std::vector<float> log_variance;  // [B, Z]
  std::vector<float> decoder;       // h of every row of the batch, [R, dec_rnn_size]
  std::vector<float> output;        // y of every row, [R, 3 + 6M]
};
[[nodiscard]] SketchRnnLayers layer_outputs(const SketchRnnWeights& weights, const sketch::StrokeBatch& batch);

}  // namespace limn::models
