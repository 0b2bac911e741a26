// A VAE for training (Kingma & Welling 2014, arXiv 1312.6114; MODELS.md §4). The module's tensors are those of
// vae_spec.hpp, so its state drops into two plain nn.Sequential of PyTorch. The dense network's step is one call of
// kernels/dense_vae.hpp without autograd; the convolutional ones are autograd nodes around our kernels, but for batch
// normalisation and activations. Differs from MODELS.md's plan to take LibTorch's convolutions: they multiply through the
// machine's BLAS, which is many times slower on CPUs that it does not know. For inference see generate/vae.hpp, which reads the same checkpoints without LibTorch.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "limn/models/vae/options.hpp"
#include "limn/models/vae/dense_step.hpp"
#include "limn/nn/step_noise.hpp"

namespace limn {

// Means over a batch, in nats.
struct VaeLosses {
  double reconstruction = 0;
  double kl = 0;
  double beta = 1;   // weight of the KL term at this step
  [[nodiscard]] double total() const { return reconstruction + beta * kl; }
};

class VaeImpl : public torch::nn::Module {
 public:
  // Resolved options; initial weights are drawn from the seed: uniform within ±1/√(inputs of a unit), as PyTorch's
  // layers start, normalisation at scale 1 and shift 0. Throws Error where sizes do not fit.
  VaeImpl(const VaeOptions& options, std::uint64_t seed, kernels::Precision precision = kernels::Precision::kFloat32);

  // The losses of pixels [B, C·H·W] in [0, 1], with z drawn from (seed, step, index in the batch), and their gradients
  // in every parameter's .grad() (overwritten). Updates the running means of batch normalisation.
  // Of a process that is one of several, `whole_batch` is B over all of them, and losses and gradients are its parts.
  VaeLosses losses_and_gradients(const torch::Tensor& pixels, const StepNoise& noise, std::int64_t whole_batch = 0);

  [[nodiscard]] const VaeOptions& options() const { return options_; }
  [[nodiscard]] std::int64_t image_size() const { return image_shape(options_).size(); }

 private:
  struct Batch {
    torch::Tensor pixels;   // [B, C·H·W]
    torch::Tensor epsilon;  // [B, Z]
    std::int64_t whole = 0;
    double beta = 1;
  };
  void register_layers(const std::string& name, const std::vector<VaeLayer>& layers);
  VaeLosses dense_step(const Batch& batch);
  VaeLosses convolutional_step(const Batch& batch);
  torch::Tensor run(const std::vector<VaeLayer>& layers, torch::Tensor x);

  VaeOptions options_;
  VaeLayout layout_;
  kernels::Precision precision_;
  kernels::PixelLikelihood likelihood_;
  std::map<std::string, std::shared_ptr<torch::nn::Module>> layers_;  // those that have tensors, by VaeLayer::name
  std::optional<kernels::DenseVae> dense_;
};
TORCH_MODULE(Vae);

}  // namespace limn
