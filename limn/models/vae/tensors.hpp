// The layers of a VAE in order, and the names and shapes of its tensors. Training and drawing both build from
// vae_layout(), so they cannot disagree. The names are those of two plain nn.Sequential of PyTorch, `encoder` and
// `decoder`. Values and plain functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limn/kernels/images/convolution.hpp"
#include "limn/kernels/parameters.hpp"
#include "limn/models/vae/options.hpp"

namespace limn::models {

enum class VaeLayerKind {
  kLinear,
  kConvolution,
  kTransposedConvolution,
  kBatchNorm,
  kRelu,
  kLeakyRelu,
  kFlatten,
  kUnflatten
};

// One layer of a Sequential. Shapes are those of one image's activations; a flat one is [n, 1, 1].
struct VaeLayer {
  VaeLayerKind kind = VaeLayerKind::kLinear;
  std::string name;  // "encoder.0"
  image::ImageShape input;
  image::ImageShape output;
  std::int64_t kernel = 0;  // side, pixels; convolutions only
  std::int64_t stride = 1;
  std::int64_t padding = 0;
};
inline constexpr double kLeakySlope = 0.2;

// Pixels [C, H, W] → [2Z]: μ, then log σ². Latent [Z] → logits [C, H, W] (the sigmoid after them is the loss's).
struct VaeLayout {
  std::vector<VaeLayer> encoder;
  std::vector<VaeLayer> decoder;
};
// Of resolved options. Throws Error where sizes do not fit: what came out, and which sizes fit.
[[nodiscard]] VaeLayout vae_layout(const VaeOptions& options);

// Of a convolution, plain or transposed.
[[nodiscard]] kernels::ConvolutionShape convolution_shape(const VaeLayer& layer);

// Trained tensors of resolved options, in the order of the layers: weight, then bias.
[[nodiscard]] std::vector<kernels::ParameterSpec> vae_parameters(const VaeOptions& options);
// The statistics of the training data that batch normalisation keeps: running_mean and running_var of each.
[[nodiscard]] std::vector<kernels::ParameterSpec> vae_buffers(const VaeOptions& options);

}  // namespace limn::models
