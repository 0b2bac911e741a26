// Inside, the activations of an image are [H, W, C]: a row of a product is a pixel, its columns are the channels. They
// are put in the order [C, H, W] where images come and go, and where they become flat or stop being so.
#include "limn/models/vae/layer_stack.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn {
namespace {

// Floats of the largest activations of one group of images, 1 MB: what a second or third cache holds.
constexpr std::int64_t kGroupFloats = 1 << 18;
constexpr std::int64_t kLargestGroup = 128;

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

struct LayerStack::Scratch {
  kernels::MatrixBuffer in, out;
  kernels::GemmScratch gemm;
};

void LayerStack::normalise(Stage& stage, const Normalisation& n) {
  const std::size_t channels = stage.bias.size();
  for (std::size_t c = 0; c < channels; ++c) stage.bias[c] = n.scale[c] * stage.bias[c] + n.shift[c];
  // Output channels are the first dimension of a convolution's weights, the second of a transposed one's.
  const bool is_transposed = stage.layer.kind == VaeLayerKind::kTransposedConvolution;
  const std::size_t taps = static_cast<std::size_t>(stage.layer.kernel * stage.layer.kernel);
  const std::size_t each = is_transposed ? taps : stage.values.size() / channels;
  for (std::size_t i = 0; i < stage.values.size(); ++i) stage.values[i] *= n.scale[i / each % channels];
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
                           .values = checkpoint.weights.at(layer.name + ".weight"),
                           .bias = checkpoint.weights.at(layer.name + ".bias")});
    }
  }
  std::int64_t largest = 1;
  for (Stage& stage : stages_) {
    largest = std::max({largest, stage.layer.input.size(), stage.layer.output.size()});
    pack(stage);
  }
  group_ = std::clamp<std::int64_t>(kGroupFloats / largest, 1, kLargestGroup);
}

void LayerStack::pack(Stage& stage) {
  const VaeLayer& layer = stage.layer;
  if (layer.kind == VaeLayerKind::kLinear) {
    stage.linear.pack(ConstMatrix(stage.values.data(), layer.output.channels, layer.input.channels),
                      kernels::WeightLayout::kOutputMajor);
  } else if (layer.kind == VaeLayerKind::kConvolution) {
    stage.convolution.emplace(convolution_shape(layer)).pack_gather(stage.values);
  } else if (layer.kind == VaeLayerKind::kTransposedConvolution) {
    stage.convolution.emplace(convolution_shape(layer)).pack_scatter(stage.values);
  }
  stage.values = {};
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
  scratch.in.resize(in.rows, in.columns);
  kernels::to_channels_last(in, stages_.front().layer.input.channels, scratch.in.view());
  for (const Stage& stage : stages_) {
    scratch.out.resize(in.rows, stage.layer.output.size());
    run(stage, scratch);
    std::swap(scratch.in, scratch.out);
  }
  kernels::to_channels_first(scratch.in.view(), stages_.back().layer.output.channels, out);
}

void LayerStack::run(const Stage& stage, Scratch& scratch) {
  const ConstMatrix in = scratch.in.view();
  const Matrix out = scratch.out.view();
  switch (stage.layer.kind) {
    case VaeLayerKind::kFlatten: kernels::to_channels_first(in, stage.layer.input.channels, out); break;
    case VaeLayerKind::kUnflatten: kernels::to_channels_last(in, stage.layer.output.channels, out); break;
    case VaeLayerKind::kConvolution: stage.convolution->gather(in, stage.bias, out); break;
    case VaeLayerKind::kTransposedConvolution: stage.convolution->scatter(in, stage.bias, out); break;
    default:
      stage.linear.multiply(in, ConstMatrix(stage.bias.data(), out.rows, out.columns, 0), out, scratch.gemm);
  }
  if (stage.negative_slope == 1) return;
  for (std::int64_t i = 0; i < out.rows; ++i)
    for (float& value : std::span(out.row(i), static_cast<std::size_t>(out.columns)))
      value = value < 0 ? stage.negative_slope * value : value;
}

}  // namespace limn
