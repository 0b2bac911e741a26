// What a VAE is (MODELS.md §4): its options, its layers in order, and the names and shapes of its tensors. Training
// (models/vae) and inference (generate/vae) both build from vae_layout(), so they cannot disagree. The names are those
// of two plain nn.Sequential of PyTorch, `encoder` and `decoder`. Values and plain functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limn/core/options.hpp"
#include "limn/image/dataset.hpp"
#include "limn/kernels/images/convolution.hpp"
#include "limn/kernels/parameters.hpp"

namespace limn {

struct VaeOptions {
  std::string arch = "dense";       // dense, conv40 or conv20
  std::int64_t image_channels = 0;  // 1 grey, 3 colour; 0: as the data
  std::int64_t image_height = 0;    // pixels; 0: as the data
  std::int64_t image_width = 0;
  std::int64_t hidden = 0;          // units of the hidden dense layers; 0: 256 for dense, 128 for the others
  std::int64_t z_size = 0;          // Z, latent dimensions; 0: 2 for dense, 32 for the others
  std::int64_t channels = 32;       // of the first convolution, even; the others are multiples of it
  std::string likelihood = "bce";   // bce (Bernoulli) or mse (squared error, for colours)
  double beta = 1;                  // weight of the KL term in training (Higgins et al. 2017)
  std::int64_t beta_warmup_steps = 0;  // steps over which that weight rises from 0; 0: there from the start
};
[[nodiscard]] std::vector<OptionField> fields(VaeOptions& options);

// `options` with every 0 that stands for a default replaced; a 0 of the image's size by `data`.
[[nodiscard]] VaeOptions resolved(VaeOptions options, const ImageShape& data);
[[nodiscard]] ImageShape image_shape(const VaeOptions& options);

// The KL weight of training step `step`.
[[nodiscard]] double beta_at(const VaeOptions& options, std::int64_t step);

enum class VaeLayerKind { kLinear, kConvolution, kTransposedConvolution, kBatchNorm, kRelu, kLeakyRelu, kFlatten, kUnflatten };

// One layer of a Sequential. Shapes are those of one image's activations; a flat one is [n, 1, 1].
struct VaeLayer {
  VaeLayerKind kind = VaeLayerKind::kLinear;
  std::string name;  // "encoder.0"
  ImageShape input;
  ImageShape output;
  std::int64_t kernel = 0;   // side, pixels; convolutions only
  std::int64_t stride = 1;
  std::int64_t padding = 0;
};
inline constexpr double kLeakySlope = 0.2;
inline constexpr double kBatchNormEpsilon = 1e-5;
inline constexpr double kBatchNormMomentum = 0.1;  // share of a batch in the running means

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
// What batch normalisation keeps of the training data: running_mean and running_var of each.
[[nodiscard]] std::vector<kernels::ParameterSpec> vae_buffers(const VaeOptions& options);

inline constexpr const char* kVaeModel = "vae";

}  // namespace limn
