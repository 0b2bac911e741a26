// The encoder of a conditional Sketch-RNN over batches (MODELS.md §2): sketches in, μ and σ̂ out. Views
// the weights, which must outlive it, and packs its two small layers. Any number of threads may use one.
#pragma once

#include <span>
#include <vector>

#include "limn/models/latent.hpp"
#include "limn/models/packed_linear.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn {

class SketchRnnEncoder {
 public:
  // Throws Error for an unconditional model, which has no encoder.
  explicit SketchRnnEncoder(const SketchRnnWeights& weights);

  // h = [h_fw; h_bw] of each sketch, the last hidden state of either direction: [B, 2 · enc_rnn_size].
  [[nodiscard]] std::vector<float> hidden(const StrokeBatch& batch) const;
  // Row b belongs to sketch b of the batch. A sketch without points is encoded as h = 0, where the encoder reads
  // points alone (SketchRnnCheckpoint::encoder_rows).
  [[nodiscard]] LatentPosterior encode(const StrokeBatch& batch) const;
  // Normalised sketches; row i belongs to sketches[i].
  [[nodiscard]] LatentPosterior encode(std::span<const Sketch> sketches) const;

 private:
  SketchRnnWeights weights_;
  PackedLinear mu_;
  PackedLinear log_variance_;
};

}  // namespace limn
