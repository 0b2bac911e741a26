// The layers of a VAE's encoder or decoder for inference (vae_spec.hpp), by kernels/gemm.hpp and kernels/convolution.hpp,
// batch normalisation folded into the convolution before it. Immutable once made,
// so any number of threads may use one; inside it uses the pool of kernels/parallel.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/models/image_model.hpp"
#include "limn/models/vae/options.hpp"
#include "limn/kernels/images/convolution.hpp"
#include "limn/kernels/products/gemm.hpp"

namespace limn {

class LayerStack {
 public:
  // The checkpoint has the tensors that the layers name, of their shapes. Throws Error naming its origin for a running
  // variance below zero.
  LayerStack(std::span<const VaeLayer> layers, const ImageCheckpoint& checkpoint);

  // in [n, input size] → out [n, output size], images as [C, H, W]. Works on groups of images, so that memory stays
  // bounded; an image's result does not depend on the others (but for rounding where kernels/gemm.hpp uses oneDNN).
  void apply(ConstMatrix in, Matrix out) const;

  [[nodiscard]] std::int64_t input_size() const { return stages_.front().layer.input.size(); }
  [[nodiscard]] std::int64_t output_size() const { return stages_.back().layer.output.size(); }

 private:
  // A linear layer or convolution with what follows it, or a change between flat and not.
  struct Stage {
    VaeLayer layer;
    std::vector<float> values = {};        // weights until they are packed
    kernels::PackedWeights linear = {};
    std::optional<kernels::Convolution> convolution = {};
    std::vector<float> bias = {};          // one for each output channel
    float negative_slope = 1;              // what a value below 0 is multiplied by: 1 no activation, 0 ReLU
  };
  struct Normalisation;
  struct Scratch;

  // Batch normalisation with the running means (Ioffe & Szegedy 2015, alg. 2).
  static Normalisation normalisation(const VaeLayer& layer, const ImageCheckpoint& checkpoint);
  static void normalise(Stage& stage, const Normalisation& normalisation);
  static void pack(Stage& stage);

  void run_group(ConstMatrix in, Matrix out) const;
  // scratch.in → scratch.out.
  static void run(const Stage& stage, Scratch& scratch);

  std::vector<Stage> stages_;
  std::int64_t group_ = 1;  // images that go through together
};

}  // namespace limn
