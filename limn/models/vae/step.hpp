// One training step of a VAE (Kingma & Welling 2014, arXiv 1312.6114) on plain memory: the losses of a batch and the
// gradients of all parameters. Without batch normalisation, parts of the batch go forward and back through the whole
// network on one thread each. With it, the pool works on one layer after the other. Then the gradients of the weights
// are summed over the batch. Results do not depend on the number of threads. A VaeStep keeps working memory and may be
// used by one thread at a time; inside it uses the pool.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/kernels/losses/pixel_losses.hpp"
#include "limn/kernels/parameters.hpp"
#include "limn/kernels/precision.hpp"
#include "limn/models/step_noise.hpp"
#include "limn/models/vae/network.hpp"
#include "limn/models/vae/options.hpp"

namespace limn::models {

// Means over the (whole) batch, in nats.
struct VaeLosses {
  double reconstruction = 0;
  double kl = 0;
  double beta = 1;  // weight of the KL term at this step
  [[nodiscard]] double total() const { return reconstruction + beta * kl; }
};

struct VaeBatch {
  ConstMatrix pixels;            // [B, C·H·W] in [0, 1]
  StepNoise noise;               // draws ε [B, Z]
  std::int64_t whole_batch = 0;  // B over all processes; losses and gradients are then parts of its means. 0: these B
};

[[nodiscard]] kernels::PixelLikelihood pixel_likelihood(const VaeOptions& options);

class VaeStep {
 public:
  // Resolved options. Throws Error where sizes do not fit.
  explicit VaeStep(const VaeOptions& options, kernels::Precision precision = kernels::Precision::kFloat32);

  // Parameters and gradients in the order of vae_parameters(), buffers in that of vae_buffers(). Overwrites `gradients`
  // with those of reconstruction + beta · kl. Moves the buffers by the statistics of these B images. Throws Error for
  // tensors or images of other sizes.
  VaeLosses losses_and_gradients(kernels::Parameters parameters, std::span<const std::span<float>> buffers,
                                 kernels::ParameterGradients gradients, const VaeBatch& batch);

 private:
  // One of the two networks with the batch in it.
  struct Half {
    VaeNetwork network;
    VaeNetwork::Pass pass = {};
    kernels::ParameterGradients gradients = {};
  };
  void check(kernels::Parameters parameters, std::span<const std::span<float>> buffers,
             kernels::ParameterGradients gradients, const VaeBatch& batch) const;
  void start(kernels::Parameters parameters, kernels::ParameterGradients gradients, const VaeBatch& batch);
  // Weights of one image's losses in the total.
  struct Scales {
    float reconstruction, kl;
  };
  void run_rows(const VaeBatch& batch, const Scales& scales, const VaeRows& rows);
  void draw_latents(const StepNoise& noise, const VaeRows& rows);

  VaeOptions options_;
  std::vector<kernels::ParameterSpec> parameter_specs_, buffer_specs_;
  Half encoder_, decoder_;
  kernels::MatrixBuffer latent_;             // [B, 2Z]: μ and log σ², then their gradients
  kernels::MatrixBuffer z_, d_z_;            // [B, Z]
  kernels::MatrixBuffer logits_;             // [B, C·H·W], then their gradients
  std::vector<double> reconstruction_, kl_;  // [B]
};

}  // namespace limn::models
