// One training step of a dense VAE (Kingma & Welling 2014; MODELS.md §4) on plain memory: the losses of a batch and the
// gradients of all weights, without autograd in between. Groups of images go forward and back through the whole network
// on one thread each; then the weights' gradients are summed over the batch. Results do not depend on the number of
// threads. A DenseVae keeps working memory and may be used by one thread at a time; inside it uses the pool.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/kernels/losses/pixel_losses.hpp"

namespace limn::kernels {

struct DenseVaeShape {
  std::int64_t pixels = 784;  // D
  std::int64_t hidden = 256;  // H
  std::int64_t z_size = 2;    // Z
};

// The four layers in order: encoder.0 [H, D], encoder.2 [2Z, H], decoder.0 [H, Z], decoder.2 [D, H].
inline constexpr std::size_t kDenseVaeLayers = 4;
template <class T>
struct DenseVaeLayer {
  MatrixView<T> weight;  // [out, in]
  std::span<T> bias;     // [out]
};
using DenseVaeWeights = std::array<DenseVaeLayer<const float>, kDenseVaeLayers>;
using DenseVaeGradients = std::array<DenseVaeLayer<float>, kDenseVaeLayers>;

struct DenseVaeBatch {
  ConstMatrix pixels;  // [B, D]
  ConstMatrix noise;   // ε [B, Z]
  PixelLikelihood likelihood = PixelLikelihood::kBernoulli;
  float beta = 1;      // weight of the KL term
  std::int64_t whole_rows = 0;  // B of the batch over all processes; 0: these rows are all
};

// Means over the batch, in nats; with whole_rows, the parts that these rows add to them.
struct DenseVaeLosses {
  double reconstruction = 0;
  double kl = 0;
};

class DenseVae {
 public:
  explicit DenseVae(const DenseVaeShape& shape, Precision precision = Precision::kFloat32)
      : shape_(shape), precision_(precision) {}

  // The losses, and in `gradients` (overwritten) the gradients of reconstruction + beta · kl.
  DenseVaeLosses losses_and_gradients(const DenseVaeWeights& weights, const DenseVaeBatch& batch,
                                      const DenseVaeGradients& gradients);

 private:
  void pack(const DenseVaeWeights& weights);
  void run_rows(const DenseVaeWeights& weights, const DenseVaeBatch& batch, std::int64_t first, std::int64_t count);
  void sample_rows(const DenseVaeBatch& batch, std::int64_t first, std::int64_t count);
  void sum_gradients(const DenseVaeBatch& batch, const DenseVaeGradients& gradients);

  DenseVaeShape shape_;
  Precision precision_;
  std::array<PackedWeights, kDenseVaeLayers> forward_;
  std::array<PackedWeights, kDenseVaeLayers> backward_;  // of all but the first
  // Activations of the batch, replaced by the loss's gradients with respect to what went into the activation function.
  MatrixBuffer encoder_hidden_, d_encoder_hidden_;  // [B, H]
  MatrixBuffer latent_;                             // [B, 2Z]
  MatrixBuffer z_, d_z_;                            // [B, Z]
  MatrixBuffer decoder_hidden_, d_decoder_hidden_;  // [B, H]
  MatrixBuffer logits_;                             // [B, D]
  std::vector<double> reconstruction_, kl_;         // [B]
};

}  // namespace limn::kernels
