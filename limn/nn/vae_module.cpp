#include "limn/nn/vae_module.hpp"

#include "limn/core/error.hpp"
#include "limn/nn/initial_weights.hpp"
#include "limn/nn/convolution.hpp"
#include "limn/nn/linear.hpp"
#include "limn/nn/pixel_loss.hpp"
#include "limn/nn/views.hpp"

namespace limn {
namespace {

using torch::Tensor;

// The name within its Sequential: "0" of "encoder.0".
std::string index_of(const VaeLayer& layer) { return layer.name.substr(layer.name.find('.') + 1); }

// parameters()[2 i] and [2 i + 1] as layer i of kernels/dense_vae.hpp; `pick` takes the value or the gradient.
template <class T, class Pick>
std::array<kernels::DenseVaeLayer<T>, kernels::kDenseVaeLayers> dense_layers(const std::vector<Tensor>& parameters,
                                                                             const Pick& pick) {
  std::array<kernels::DenseVaeLayer<T>, kernels::kDenseVaeLayers> layers;
  for (std::size_t i = 0; i < layers.size(); ++i)
    layers[i] = {nn::view(pick(parameters[2 * i])), nn::span(pick(parameters[2 * i + 1]))};
  return layers;
}

// Rows of [C, H, W] as rows of [H, W, C], which the convolutions work on, and back.
Tensor channels_last(const Tensor& x, const ImageShape& shape) {
  return x.view({x.size(0), shape.channels, -1}).transpose(1, 2).reshape({x.size(0), -1});
}
Tensor channels_first(const Tensor& x, const ImageShape& shape) {
  return x.view({x.size(0), -1, shape.channels}).transpose(1, 2).reshape({x.size(0), -1});
}

}  // namespace

VaeImpl::VaeImpl(const VaeOptions& options, std::uint64_t seed, kernels::Precision precision)
    : options_(options),
      layout_(vae_layout(options)),
      precision_(precision),
      likelihood_(options.likelihood == "mse" ? kernels::PixelLikelihood::kSquaredError
                                              : kernels::PixelLikelihood::kBernoulli) {
  register_layers("encoder", layout_.encoder);
  register_layers("decoder", layout_.decoder);
  for (const auto& spec : vae_parameters(options))
    layers_.at(spec.name.substr(0, spec.name.rfind('.')))
        ->register_parameter(spec.name.substr(spec.name.rfind('.') + 1), torch::zeros(spec.shape));
  for (const auto& spec : vae_buffers(options)) {
    const std::string kind = spec.name.substr(spec.name.rfind('.') + 1);
    layers_.at(spec.name.substr(0, spec.name.rfind('.')))
        ->register_buffer(kind, kind == "running_var" ? torch::ones(spec.shape) : torch::zeros(spec.shape));
  }
  initialize_layers(*this, seed);
  if (options.arch == "dense")
    dense_.emplace(kernels::DenseVaeShape{.pixels = image_shape(options).size(),
                                          .hidden = options.hidden,
                                          .z_size = options.z_size},
                   precision);
}

void VaeImpl::register_layers(const std::string& name, const std::vector<VaeLayer>& layers) {
  const auto sequential = register_module(name, std::make_shared<torch::nn::Module>());
  for (const VaeLayer& layer : layers)
    layers_[layer.name] = sequential->register_module(index_of(layer), std::make_shared<torch::nn::Module>());
}

VaeLosses VaeImpl::losses_and_gradients(const Tensor& pixels, const StepNoise& noise, std::int64_t whole_batch) {
  require(pixels.dim() == 2 && pixels.size(1) == image_shape(options_).size(),
          "vae: a batch has {} values an image, expected {}", pixels.size(-1), image_shape(options_).size());
  for (const Tensor& parameter : parameters())
    if (!parameter.grad().defined()) parameter.mutable_grad() = torch::zeros_like(parameter);
  const Batch batch{.pixels = pixels.contiguous(),
                    .epsilon = latent_noise(pixels.size(0), options_.z_size, noise),
                    .whole = whole_batch ? whole_batch : pixels.size(0),
                    .beta = beta_at(options_, static_cast<std::int64_t>(noise.step))};
  return dense_ ? dense_step(batch) : convolutional_step(batch);
}

VaeLosses VaeImpl::dense_step(const Batch& batch) {
  const std::vector<Tensor> all = parameters();
  const auto losses = dense_->losses_and_gradients(
      dense_layers<const float>(all, [](const Tensor& t) { return t.detach(); }),
      {.pixels = nn::const_view(batch.pixels),
       .noise = nn::const_view(batch.epsilon),
       .likelihood = likelihood_,
       .beta = static_cast<float>(batch.beta),
       .whole_rows = batch.whole},
      dense_layers<float>(all, [](const Tensor& t) { return t.grad(); }));
  return {.reconstruction = losses.reconstruction, .kl = losses.kl, .beta = batch.beta};
}

VaeLosses VaeImpl::convolutional_step(const Batch& batch) {
  const std::int64_t z_size = options_.z_size;
  const ImageShape shape = image_shape(options_);
  const double scale = 1.0 / static_cast<double>(batch.whole);
  const Tensor latent = run(layout_.encoder, channels_last(batch.pixels, shape));
  const Tensor mu = latent.narrow(1, 0, z_size), log_variance = latent.narrow(1, z_size, z_size);
  const Tensor variance = torch::exp(log_variance);
  const Tensor z = mu + batch.epsilon * torch::sqrt(variance);                       // eq. 10
  const Tensor kl = -0.5 * scale * (1 + log_variance - mu.square() - variance).sum();  // appendix B
  const Tensor logits = channels_first(run(layout_.decoder, z), shape);
  const auto reconstruction = nn::pixel_loss(logits, batch.pixels, likelihood_, static_cast<float>(scale));
  for (const Tensor& parameter : parameters()) parameter.grad().zero_();
  (reconstruction.loss + batch.beta * kl).backward();
  return {.reconstruction = scale * reconstruction.sum, .kl = kl.item<double>(), .beta = batch.beta};
}

Tensor VaeImpl::run(const std::vector<VaeLayer>& layers, Tensor x) {
  for (const VaeLayer& layer : layers) {
    const auto parameters = layers_.at(layer.name)->named_parameters(false);
    const auto tensor = [&](const char* name) -> Tensor { return parameters[name]; };
    switch (layer.kind) {
      case VaeLayerKind::kLinear: x = nn::linear(x, tensor("weight"), tensor("bias"), precision_); break;
      case VaeLayerKind::kConvolution:
        x = nn::convolution(x, tensor("weight"), tensor("bias"), convolution_shape(layer), precision_);
        break;
      case VaeLayerKind::kTransposedConvolution:
        x = nn::transposed_convolution(x, tensor("weight"), tensor("bias"), convolution_shape(layer), precision_);
        break;
      case VaeLayerKind::kBatchNorm: {
        // Statistics over images and pixels: every row is one observation of all channels.
        const auto buffers = layers_.at(layer.name)->named_buffers(false);
        x = torch::batch_norm(x.view({-1, layer.output.channels}), tensor("weight"), tensor("bias"),
                              buffers["running_mean"], buffers["running_var"], is_training(), kBatchNormMomentum,
                              kBatchNormEpsilon, false)
                .view(x.sizes());
        break;
      }
      case VaeLayerKind::kRelu: x = torch::relu(x); break;
      case VaeLayerKind::kLeakyRelu: x = torch::leaky_relu(x, kLeakySlope); break;
      case VaeLayerKind::kFlatten: x = channels_first(x, layer.input); break;
      case VaeLayerKind::kUnflatten: x = channels_last(x, layer.output); break;
    }
  }
  return x;
}

}  // namespace limn
