// Encodes sketches with a conditional Sketch-RNN (Ha & Eck 2017, eq. 1 and 2). It views the weights, which must outlive
// it. Any number of threads may use one.
#pragma once

#include <span>

#include "limn/models/latent.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::models {

class SketchRnnEncoder {
 public:
  explicit SketchRnnEncoder(const SketchRnnWeights& weights) : weights_(weights) {}

  // Normalised sketches; row i belongs to sketches[i]. A sketch without points is encoded as h = 0, where the encoder
  // reads points alone (SketchRnnContents::encoder_rows). Throws Error for an unconditional model.
  [[nodiscard]] LatentPosterior encode(std::span<const sketch::Sketch> sketches) const;

 private:
  SketchRnnWeights weights_;
};

}  // namespace limn::models
