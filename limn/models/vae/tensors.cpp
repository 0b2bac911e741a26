#include "limn/models/vae/tensors.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "limn/core/error.hpp"

namespace limn::models {
namespace {

// A convolution of the tables below: out channels as a multiple of channels / 2.
struct Convolution {
  std::int64_t half_channels;
  std::int64_t kernel;
  std::int64_t stride = 1;
  std::int64_t padding = 0;
};

// The convolutions of an architecture up to the layer that makes the image.
struct ConvolutionalShape {
  std::vector<Convolution> encoder;
  std::vector<Convolution> decoder;  // transposed
  Convolution last;                  // makes the image: its channels are the image's
  bool is_last_transposed;
};

ConvolutionalShape shape_of(const std::string& arch) {
  if (arch == "conv40")
    return {.encoder = {{2, 3, 2, 1}, {4, 3, 2, 1}, {8, 3, 2, 1}, {16, 4, 2, 1}},
            .decoder = {{8, 4, 2}, {4, 3, 2}, {2, 3}, {2, 3}, {1, 3}},
            .last = {0, 4, 2},
            .is_last_transposed = true};
  return {.encoder = {{2, 3}, {4, 3}, {8, 3}, {8, 3, 2}},
          .decoder = {{8, 3}, {4, 3, 2}, {2, 3}, {1, 4}},
          .last = {0, 3},
          .is_last_transposed = false};
}

std::int64_t side_after(std::int64_t side, const Convolution& c, bool is_transposed) {
  if (is_transposed) return (side - 1) * c.stride - 2 * c.padding + c.kernel;
  const std::int64_t room = side + 2 * c.padding - c.kernel;
  return room < 0 ? 0 : room / c.stride + 1;
}

// The side of the image that comes out for one of `side` pixels, 0 if nothing is left on the way.
std::int64_t round_trip(std::int64_t side, const ConvolutionalShape& shape) {
  for (const auto& c : shape.encoder) side = side_after(side, c, false);
  if (side == 0) return 0;
  for (const auto& c : shape.decoder) side = side_after(side, c, true);
  return side_after(side, shape.last, shape.is_last_transposed);
}

void require_fitting_side(const VaeOptions& options, std::int64_t side, const char* what) {
  const ConvolutionalShape shape = shape_of(options.arch);
  const std::int64_t out = round_trip(side, shape);
  if (out == side) return;
  std::int64_t nearest = 0;
  for (std::int64_t s = 1; s <= kVaeLargestSide; ++s)
    if (round_trip(s, shape) == s && (nearest == 0 || std::abs(s - side) < std::abs(nearest - side))) nearest = s;
  const std::string outcome = out == 0 ? std::string("leaves nothing") : fmt::format("gives {} pixels back", out);
  fail(
      "arch={}: an image {} of {} pixels {}; the nearest that fits is {}: use --set image_size={}, or arch=dense, "
      "which takes any size",
      options.arch, what, side, outcome, nearest, nearest);
}

// Appends layers, each reading what the one before it gives.
class SequentialBuilder {
 public:
  SequentialBuilder(std::string prefix, image::ImageShape input) : prefix_(std::move(prefix)), shape_(input) {}

  void linear(std::int64_t out) { append(VaeLayerKind::kLinear, {out, 1, 1}, {}); }
  void activation(VaeLayerKind kind) { append(kind, shape_, {}); }
  void flatten() { append(VaeLayerKind::kFlatten, {shape_.size(), 1, 1}, {}); }
  void unflatten(const image::ImageShape& shape) { append(VaeLayerKind::kUnflatten, shape, {}); }
  void convolution(const Convolution& c, std::int64_t out_channels, bool is_transposed) {
    const image::ImageShape out{out_channels, side_after(shape_.height, c, is_transposed),
                                side_after(shape_.width, c, is_transposed)};
    append(is_transposed ? VaeLayerKind::kTransposedConvolution : VaeLayerKind::kConvolution, out, c);
  }
  void normalised_convolution(const Convolution& c, std::int64_t channels, bool is_transposed) {
    convolution(c, c.half_channels * channels / 2, is_transposed);
    append(VaeLayerKind::kBatchNorm, shape_, {});
    append(VaeLayerKind::kLeakyRelu, shape_, {});
  }

  [[nodiscard]] const image::ImageShape& shape() const { return shape_; }
  [[nodiscard]] std::vector<VaeLayer> layers() && { return std::move(layers_); }

 private:
  void append(VaeLayerKind kind, const image::ImageShape& output, const Convolution& c) {
    layers_.push_back({.kind = kind,
                       .name = fmt::format("{}.{}", prefix_, layers_.size()),
                       .input = shape_,
                       .output = output,
                       .kernel = c.kernel,
                       .stride = c.stride,
                       .padding = c.padding});
    shape_ = output;
  }

  std::string prefix_;
  image::ImageShape shape_;
  std::vector<VaeLayer> layers_;
};

VaeLayout dense_layout(const VaeOptions& o) {
  const std::int64_t pixels = image_shape(o).size();
  SequentialBuilder encoder("encoder", {pixels, 1, 1}), decoder("decoder", {o.z_size, 1, 1});
  encoder.linear(o.hidden);
  encoder.activation(VaeLayerKind::kRelu);
  encoder.linear(2 * o.z_size);
  decoder.linear(o.hidden);
  decoder.activation(VaeLayerKind::kRelu);
  decoder.linear(pixels);
  return {std::move(encoder).layers(), std::move(decoder).layers()};
}

VaeLayout convolutional_layout(const VaeOptions& o) {
  require_fitting_side(o, o.image_height, "height");
  require_fitting_side(o, o.image_width, "width");
  require(o.channels % 2 == 0, "channels={}: must be even, the decoder's last layer has half as many", o.channels);
  const ConvolutionalShape shape = shape_of(o.arch);
  SequentialBuilder encoder("encoder", image_shape(o)), decoder("decoder", {o.z_size, 1, 1});
  for (const auto& c : shape.encoder) encoder.normalised_convolution(c, o.channels, false);
  const image::ImageShape inner = encoder.shape();
  encoder.flatten();
  encoder.linear(o.hidden);
  encoder.linear(2 * o.z_size);
  decoder.linear(o.hidden);
  decoder.linear(inner.size());
  decoder.unflatten(inner);
  for (const auto& c : shape.decoder) decoder.normalised_convolution(c, o.channels, true);
  decoder.convolution(shape.last, o.image_channels, shape.is_last_transposed);
  return {std::move(encoder).layers(), std::move(decoder).layers()};
}

std::vector<VaeLayer> all_layers(const VaeOptions& options) {
  VaeLayout layout = vae_layout(options);
  std::ranges::move(layout.decoder, std::back_inserter(layout.encoder));
  return std::move(layout.encoder);
}

}  // namespace

VaeLayout vae_layout(const VaeOptions& o) {
  require(o.image_channels == 1 || o.image_channels == 3, "image_channels={}: must be 1 or 3", o.image_channels);
  require(o.image_height > 0 && o.image_width > 0 && o.hidden > 0 && o.z_size > 0,
          "the model's sizes are not all known: image {}, hidden {}, z_size {}", image::text(image_shape(o)), o.hidden,
          o.z_size);
  return o.arch == "dense" ? dense_layout(o) : convolutional_layout(o);
}

kernels::ConvolutionShape convolution_shape(const VaeLayer& layer) {
  const bool is_transposed = layer.kind == VaeLayerKind::kTransposedConvolution;
  const image::ImageShape& large = is_transposed ? layer.output : layer.input;
  const image::ImageShape& small = is_transposed ? layer.input : layer.output;
  return {.large_height = large.height,
          .large_width = large.width,
          .large_channels = large.channels,
          .small_height = small.height,
          .small_width = small.width,
          .small_channels = small.channels,
          .kernel = layer.kernel,
          .stride = layer.stride,
          .padding = layer.padding};
}

std::vector<kernels::ParameterSpec> vae_parameters(const VaeOptions& options) {
  std::vector<kernels::ParameterSpec> all;
  const auto add = [&](const VaeLayer& layer, std::vector<std::int64_t> weight, std::int64_t bias) {
    all.push_back({layer.name + ".weight", std::move(weight)});
    all.push_back({layer.name + ".bias", {bias}});
  };
  for (const VaeLayer& layer : all_layers(options)) {
    const std::int64_t in = layer.input.channels, out = layer.output.channels;
    switch (layer.kind) {
      case VaeLayerKind::kLinear:
        add(layer, {out, in}, out);
        break;
      case VaeLayerKind::kConvolution:
        add(layer, {out, in, layer.kernel, layer.kernel}, out);
        break;
      case VaeLayerKind::kTransposedConvolution:
        add(layer, {in, out, layer.kernel, layer.kernel}, out);
        break;
      case VaeLayerKind::kBatchNorm:
        add(layer, {out}, out);
        break;
      default:
        break;  // no tensors
    }
  }
  return all;
}

std::vector<kernels::ParameterSpec> vae_buffers(const VaeOptions& options) {
  std::vector<kernels::ParameterSpec> all;
  for (const VaeLayer& layer : all_layers(options)) {
    if (layer.kind != VaeLayerKind::kBatchNorm) continue;
    all.push_back({layer.name + ".running_mean", {layer.output.channels}});
    all.push_back({layer.name + ".running_var", {layer.output.channels}});
  }
  return all;
}

}  // namespace limn::models
