// Inside, the activations of an image are [H, W, C]: a row of a product is a pixel, its columns are the channels. They
// are put in the order [C, H, W] where images come and go, and where they become flat or stop being so.
#include "limn/generate/layer_stack.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/parallel.hpp"

namespace limn {
namespace {

// Floats of the largest buffer of one group of images, 2 MB: what a second or third cache holds.
constexpr std::int64_t kGroupFloats = 1 << 19;
constexpr std::int64_t kLargestGroup = 128;

bool is_convolution(const VaeLayer& layer) {
  return layer.kind == VaeLayerKind::kConvolution || layer.kind == VaeLayerKind::kTransposedConvolution;
}

std::int64_t pixels(const ImageShape& shape) { return shape.height * shape.width; }

// Values an image takes while a layer works on it: its patches, or what col2im adds up.
std::int64_t patch_values(const VaeLayer& layer) {
  const std::int64_t taps = layer.kernel * layer.kernel;
  if (layer.kind == VaeLayerKind::kConvolution) return pixels(layer.output) * taps * layer.input.channels;
  if (layer.kind == VaeLayerKind::kTransposedConvolution) return pixels(layer.input) * taps * layer.output.channels;
  return 0;
}

void interleave(const ImageShape& shape, const float* in, float* out) {
  const std::int64_t area = pixels(shape);
  for (std::int64_t c = 0; c < shape.channels; ++c)
    for (std::int64_t p = 0; p < area; ++p) out[p * shape.channels + c] = in[c * area + p];
}

void separate(const ImageShape& shape, const float* in, float* out) {
  const std::int64_t area = pixels(shape);
  for (std::int64_t c = 0; c < shape.channels; ++c)
    for (std::int64_t p = 0; p < area; ++p) out[c * area + p] = in[p * shape.channels + c];
}

}  // namespace

// y = scale · x + shift, channel by channel.
struct LayerStack::Normalisation {
  std::vector<float> scale, shift;
};

LayerStack::Normalisation LayerStack::normalisation(const VaeLayer& layer, const ImageCheckpoint& checkpoint) {
  const auto& gamma = checkpoint.weights.at(layer.name + ".weight");
  const auto& beta = checkpoint.weights.at(layer.name + ".bias");
  const auto& mean = checkpoint.weights.at(layer.name + ".running_mean");
  const auto& variance = checkpoint.weights.at(layer.name + ".running_var");
  Normalisation n;
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    require(variance[c] >= 0, "{}: tensor {}.running_var holds {}, a variance is not negative", checkpoint.origin,
            layer.name, variance[c]);
    const double scale = gamma[c] / std::sqrt(variance[c] + kBatchNormEpsilon);
    n.scale.push_back(static_cast<float>(scale));
    n.shift.push_back(static_cast<float>(beta[c] - scale * mean[c]));
  }
  return n;
}

namespace {

// PyTorch's [out, in, k, k] as [out, (ky, kx, in)], or a transposed convolution's [in, out, k, k] as
// [in, (ky, kx, out)]: the taps of a patch with their channels side by side.
std::vector<float> channels_last(const VaeLayer& layer, const std::vector<float>& weight) {
  if (!is_convolution(layer)) return weight;
  const bool is_transposed = layer.kind == VaeLayerKind::kTransposedConvolution;
  const std::int64_t taps = layer.kernel * layer.kernel;
  const std::int64_t channels = is_transposed ? layer.output.channels : layer.input.channels;
  const std::int64_t rows = static_cast<std::int64_t>(weight.size()) / (channels * taps);
  std::vector<float> out(weight.size());
  const float* from = weight.data();
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t t = 0; t < taps; ++t) out[static_cast<std::size_t>((r * taps + t) * channels + c)] = *from++;
  return out;
}

// The patches of one image: row (y, x) of the output, columns (ky, kx, channel). Outside the image is zero.
void im2col(const VaeLayer& layer, const float* image, float* patches) {
  const std::int64_t channels = layer.input.channels, width = layer.input.width, side = layer.kernel;
  for (std::int64_t y = 0; y < layer.output.height; ++y) {
    for (std::int64_t x = 0; x < layer.output.width; ++x) {
      const std::int64_t left = x * layer.stride - layer.padding;
      const std::int64_t first = std::max<std::int64_t>(0, -left), last = std::min(side, width - left);
      for (std::int64_t ky = 0; ky < side; ++ky, patches += side * channels) {
        const std::int64_t row = y * layer.stride - layer.padding + ky;
        if (row < 0 || row >= layer.input.height) {
          std::fill_n(patches, side * channels, 0.0f);
          continue;
        }
        std::fill_n(patches, first * channels, 0.0f);
        std::copy_n(image + (row * width + left + first) * channels, (last - first) * channels,
                    patches + first * channels);
        std::fill_n(patches + last * channels, (side - last) * channels, 0.0f);
      }
    }
  }
}

// The transposed convolution's sum: what each input pixel gives to the output pixels that it reaches.
void col2im(const VaeLayer& layer, const float* patches, std::span<const float> bias, float* image) {
  const std::int64_t channels = layer.output.channels, width = layer.output.width, side = layer.kernel;
  for (std::int64_t p = 0; p < pixels(layer.output); ++p)
    std::copy(bias.begin(), bias.end(), image + p * channels);
  for (std::int64_t y = 0; y < layer.input.height; ++y) {
    for (std::int64_t x = 0; x < layer.input.width; ++x) {
      const std::int64_t left = x * layer.stride - layer.padding;
      const std::int64_t first = std::max<std::int64_t>(0, -left), last = std::min(side, width - left);
      for (std::int64_t ky = 0; ky < side; ++ky, patches += side * channels) {
        const std::int64_t row = y * layer.stride - layer.padding + ky;
        if (row < 0 || row >= layer.output.height) continue;
        float* const to = image + (row * width + left) * channels;
        for (std::int64_t i = first * channels; i < last * channels; ++i) to[i] += patches[i];
      }
    }
  }
}

}  // namespace

struct LayerStack::Scratch {
  kernels::AlignedBuffer<float> in, out, patches;
  kernels::GemmScratch gemm;
};

void LayerStack::normalise(Stage& stage, const Normalisation& n) {
  const std::size_t channels = stage.bias.size();
  for (std::size_t c = 0; c < channels; ++c) stage.bias[c] = n.scale[c] * stage.bias[c] + n.shift[c];
  // Output channels are the last dimension of a transposed convolution's weights, the first of a plain one's.
  const std::size_t each = stage.values.size() / channels;
  const bool is_transposed = stage.layer.kind == VaeLayerKind::kTransposedConvolution;
  for (std::size_t i = 0; i < stage.values.size(); ++i)
    stage.values[i] *= n.scale[is_transposed ? i % channels : i / each];
}

LayerStack::LayerStack(std::span<const VaeLayer> layers, const ImageCheckpoint& checkpoint) {
  for (const VaeLayer& layer : layers) {
    switch (layer.kind) {
      case VaeLayerKind::kBatchNorm: normalise(stages_.back(), normalisation(layer, checkpoint)); break;
      case VaeLayerKind::kRelu: stages_.back().negative_slope = 0; break;
      case VaeLayerKind::kLeakyRelu: stages_.back().negative_slope = static_cast<float>(kLeakySlope); break;
      case VaeLayerKind::kFlatten:
      case VaeLayerKind::kUnflatten: stages_.push_back({.layer = layer}); break;
      default:
        stages_.push_back({.layer = layer,
                           .values = channels_last(layer, checkpoint.weights.at(layer.name + ".weight")),
                           .bias = checkpoint.weights.at(layer.name + ".bias")});
    }
  }
  std::int64_t largest = 1;
  for (Stage& stage : stages_) {
    largest = std::max({largest, stage.layer.input.size(), stage.layer.output.size(), patch_values(stage.layer)});
    if (stage.values.empty()) continue;
    const bool is_transposed = stage.layer.kind == VaeLayerKind::kTransposedConvolution;
    const std::int64_t rows = is_transposed ? stage.layer.input.channels : stage.layer.output.channels;
    const ConstMatrix matrix(stage.values.data(), rows, static_cast<std::int64_t>(stage.values.size()) / rows);
    stage.weights.pack(matrix, is_transposed ? kernels::WeightLayout::kInputMajor : kernels::WeightLayout::kOutputMajor);
    stage.values = {};
  }
  group_ = std::clamp<std::int64_t>(kGroupFloats / largest, 1, kLargestGroup);
}

void LayerStack::apply(ConstMatrix in, Matrix out) const {
  assert(in.columns == input_size() && out.columns == output_size() && in.rows == out.rows);
  kernels::parallel_for((in.rows + group_ - 1) / group_, [&](std::int64_t task) {
    const std::int64_t first = task * group_, count = std::min(group_, in.rows - first);
    run_group(in.slice_rows(first, count), out.slice_rows(first, count));
  });
}

void LayerStack::run_group(ConstMatrix in, Matrix out) const {
  Scratch scratch;
  scratch.in.resize(static_cast<std::size_t>(in.rows * in.columns));
  for (std::int64_t i = 0; i < in.rows; ++i)
    interleave(stages_.front().layer.input, in.row(i), scratch.in.data() + i * in.columns);
  for (const Stage& stage : stages_) {
    run(stage, in.rows, scratch);
    std::swap(scratch.in, scratch.out);
  }
  for (std::int64_t i = 0; i < out.rows; ++i)
    separate(stages_.back().layer.output, scratch.in.data() + i * out.columns, out.row(i));
}

void LayerStack::run(const Stage& stage, std::int64_t images, Scratch& scratch) const {
  const VaeLayer& layer = stage.layer;
  const std::int64_t in_size = layer.input.size(), out_size = layer.output.size();
  scratch.out.resize(static_cast<std::size_t>(images * out_size));
  if (!stage.bias.empty()) {
    multiply(stage, images, scratch);
  } else {
    for (std::int64_t i = 0; i < images; ++i) {
      const float* const from = scratch.in.data() + i * in_size;
      float* const to = scratch.out.data() + i * out_size;
      if (layer.kind == VaeLayerKind::kFlatten) separate(layer.input, from, to);
      else interleave(layer.output, from, to);
    }
  }
  if (stage.negative_slope == 1) return;
  for (float& value : scratch.out.span()) value = value < 0 ? stage.negative_slope * value : value;
}

void LayerStack::multiply(const Stage& stage, std::int64_t images, Scratch& scratch) {
  const VaeLayer& layer = stage.layer;
  const std::int64_t in_size = layer.input.size(), out_size = layer.output.size(), patch = patch_values(layer);
  const std::int64_t channels = layer.output.channels, depth = stage.weights.depth();
  const std::int64_t out_rows = images * pixels(layer.output);
  const ConstMatrix bias(stage.bias.data(), out_rows, channels, 0);
  scratch.patches.resize(static_cast<std::size_t>(images * patch));
  if (layer.kind == VaeLayerKind::kLinear) {
    stage.weights.multiply(ConstMatrix(scratch.in.data(), images, depth), bias,
                           Matrix(scratch.out.data(), images, channels), scratch.gemm);
  } else if (layer.kind == VaeLayerKind::kConvolution) {
    for (std::int64_t i = 0; i < images; ++i)
      im2col(layer, scratch.in.data() + i * in_size, scratch.patches.data() + i * patch);
    stage.weights.multiply(ConstMatrix(scratch.patches.data(), out_rows, depth), bias,
                           Matrix(scratch.out.data(), out_rows, channels), scratch.gemm);
  } else {
    const std::int64_t rows = images * pixels(layer.input);
    stage.weights.multiply(ConstMatrix(scratch.in.data(), rows, depth), {},
                           Matrix(scratch.patches.data(), rows, stage.weights.columns()), scratch.gemm);
    for (std::int64_t i = 0; i < images; ++i)
      col2im(layer, scratch.patches.data() + i * patch, stage.bias, scratch.out.data() + i * out_size);
  }
}

}  // namespace limn
