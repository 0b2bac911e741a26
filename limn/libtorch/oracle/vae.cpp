#include "limn/libtorch/oracle/vae.hpp"

namespace limn::libtorch::oracle {
namespace {

using torch::Tensor;

// The layers of one Sequential, called in order; each takes the tensors of its own number.
class Sequential {
 public:
  Sequential(const Parameters& parameters, const Parameters& buffers, std::string name, bool is_training)
      : parameters_(parameters), buffers_(buffers), name_(std::move(name)), is_training_(is_training) {}

  Tensor linear(const Tensor& x) {
    const Tensor y = torch::linear(x, tensor("weight"), tensor("bias"));
    ++number_;
    return y;
  }
  Tensor relu(const Tensor& x) {
    ++number_;
    return torch::relu(x);
  }
  Tensor convolution(const Tensor& x, std::int64_t stride, std::int64_t padding) {
    const Tensor y = torch::conv2d(x, tensor("weight"), tensor("bias"), stride, padding);
    ++number_;
    return y;
  }
  Tensor transposed(const Tensor& x, std::int64_t stride) {
    const Tensor y = torch::conv_transpose2d(x, tensor("weight"), tensor("bias"), stride);
    ++number_;
    return y;
  }
  // Batch normalisation and LeakyReLU 0.2.
  Tensor activate(const Tensor& x) {
    const Tensor y = torch::batch_norm(x, tensor("weight"), tensor("bias"), buffer("running_mean"),
                                       buffer("running_var"), is_training_, 0.1, 1e-5, false);
    number_ += 2;
    return torch::leaky_relu(y, 0.2);
  }
  // A layer without tensors that is not a function of its own here: Flatten, Unflatten.
  void skip() { ++number_; }

 private:
  [[nodiscard]] const Tensor& tensor(const char* kind) const { return parameters_.at(full(kind)); }
  [[nodiscard]] const Tensor& buffer(const char* kind) const { return buffers_.at(full(kind)); }
  [[nodiscard]] std::string full(const char* kind) const { return name_ + "." + std::to_string(number_) + "." + kind; }

  const Parameters& parameters_;
  const Parameters& buffers_;
  std::string name_;
  bool is_training_;
  int number_ = 0;
};

Tensor encode(Sequential layers, const models::VaeOptions& o, Tensor x) {
  if (o.arch == "dense") {
    x = layers.relu(layers.linear(x));
    return layers.linear(x);
  }
  x = x.view({x.size(0), o.image_channels, o.image_height, o.image_width});
  if (o.arch == "conv40") {
    for (int i = 0; i < 4; ++i) x = layers.activate(layers.convolution(x, 2, 1));
  } else {
    for (int i = 0; i < 3; ++i) x = layers.activate(layers.convolution(x, 1, 0));
    x = layers.activate(layers.convolution(x, 2, 0));
  }
  layers.skip();
  return layers.linear(layers.linear(x.flatten(1)));
}

Tensor decode(Sequential layers, const models::VaeOptions& o, const Tensor& z) {
  if (o.arch == "dense") {
    const Tensor hidden = layers.relu(layers.linear(z));
    return layers.linear(hidden);
  }
  Tensor x = layers.linear(layers.linear(z));
  layers.skip();
  if (o.arch == "conv40") {
    x = x.view({x.size(0), 8 * o.channels, o.image_height / 16, o.image_width / 16});
    for (const int stride : {2, 2, 1, 1, 1}) x = layers.activate(layers.transposed(x, stride));
    return layers.transposed(x, 2).flatten(1);
  }
  x = x.view({x.size(0), 4 * o.channels, (o.image_height - 8) / 2, (o.image_width - 8) / 2});
  for (const int stride : {1, 2, 1, 1}) x = layers.activate(layers.transposed(x, stride));
  return layers.convolution(x, 1, 0).flatten(1);
}

// Of each pixel of images x [B, C·H·W].
Tensor pixel_losses(const models::VaeOptions& o, const Tensor& logits, const Tensor& x) {
  if (o.likelihood == "mse") return (torch::sigmoid(logits) - x).square();
  return torch::binary_cross_entropy_with_logits(logits, x, {}, {}, at::Reduction::None);
}

}  // namespace

Tensor vae_posterior(const Parameters& parameters, const Parameters& buffers, const models::VaeOptions& options,
                     const Tensor& pixels) {
  return encode({parameters, buffers, "encoder", /*is_training=*/false}, options, pixels);
}

Tensor vae_pixel_losses(const Parameters& parameters, const Parameters& buffers, const models::VaeOptions& options,
                        const Tensor& pixels, const Tensor& z) {
  return pixel_losses(options, decode({parameters, buffers, "decoder", /*is_training=*/false}, options, z), pixels);
}

VaeLossTensors vae_loss(const Parameters& parameters, const Parameters& buffers, const models::VaeOptions& options,
                        const Tensor& pixels, const VaeLossInput& step) {
  VaeLossTensors losses;
  const Tensor x = pixels.to(parameters.begin()->second.scalar_type());
  const auto whole = static_cast<double>(step.whole_batch > 0 ? step.whole_batch : x.size(0));
  losses.latent = encode({parameters, buffers, "encoder", step.is_training}, options, x);
  const Tensor mu = losses.latent.narrow(1, 0, options.z_size);
  const Tensor log_variance = losses.latent.narrow(1, options.z_size, options.z_size);
  const Tensor z = step.epsilon.defined() ? mu + step.epsilon.to(x.scalar_type()) * torch::exp(log_variance / 2) : mu;
  losses.logits = decode({parameters, buffers, "decoder", step.is_training}, options, z);
  losses.reconstruction = pixel_losses(options, losses.logits, x).sum() / whole;
  losses.kl = (-0.5 * (1 + log_variance - mu.square() - torch::exp(log_variance))).sum() / whole;
  losses.total = losses.reconstruction + step.beta * losses.kl;
  return losses;
}

}  // namespace limn::libtorch::oracle
