// The passes of a model through its networks that an evaluation needs, for whoever computes them in place of limn's
// kernels: the module on LibTorch does on a device (limn/train/device_passes.hpp). Draws of z, KL divergences and sums
// stay with the evaluation. One thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn::models {

// The drawings of a pass: sketches, or images.
struct PassBatch {
  const sketch::StrokeBatch* strokes = nullptr;
  std::int64_t loss_steps = 0;  // of sketches: N_max, to which the rows go where losses are over the padding
  ConstMatrix pixels = {};      // of images [B, C·H·W]
};

class NetworkPasses {
 public:
  virtual ~NetworkPasses() = default;

  // Of a Sketch-RNN or a VAE: the encoder's μ, then log σ² of each drawing, `columns` = 2Z in all [B, 2Z].
  [[nodiscard]] virtual std::vector<float> posterior_rows(const PassBatch& batch, std::int64_t columns) = 0;
  // The losses of drawings from the z that the decoder reads [B, Z]; of DRAW from its noise ε [B, T·Z].
  //   Sketch-RNN: sums over the batch: offset loss, pen loss over i <= Ns, and both in the form of training [3]
  //   VAE: -log p(x | z) of each image [B]
  //   DRAW: of each image -log p(x | z), the T parts of L_z, and log p(z) - log q(z | x) [B, T + 2]
  // `count` says how many they are.
  [[nodiscard]] virtual std::vector<double> losses(const PassBatch& batch, ConstMatrix z, std::int64_t count) = 0;
};

}  // namespace limn::models
