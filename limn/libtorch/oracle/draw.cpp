#include "limn/libtorch/oracle/draw.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace limn::libtorch::oracle {
namespace {

using kernels::WindowShape;
using torch::Tensor;

// Bounds of the logarithms of eq. 21 (docs/papers/draw.md). Beyond them a clamp gives no gradient.
const double kMinLogVariance = std::log(0.01);
constexpr double kMaxLogVariance = 20, kMaxLogStride = 10, kMaxLogIntensity = 10;

std::int64_t image_size(const models::DrawShape& s) { return s.channels * s.height * s.width; }
// Numbers that a read gives: two patches with attention, else the image and the error image.
std::int64_t glimpse_size(const models::DrawShape& s) {
  return 2 * (s.reads_with_attention ? s.channels * s.read_size * s.read_size : image_size(s));
}
WindowShape window(const models::DrawShape& s, std::int64_t filters) {
  return {.channels = s.channels, .height = s.height, .width = s.width, .size = filters};
}

// Eq. 19 and 20: the centres of the filters, [n, N, 1].
Tensor centers(const Tensor& middle, const Tensor& stride, std::int64_t size) {
  const Tensor i = torch::arange(1, size + 1, middle.options());
  return (middle.unsqueeze(1) + (i - 0.5 * static_cast<double>(size) - 0.5) * stride.unsqueeze(1)).unsqueeze(2);
}

// Eq. 25 or 26: [n, N, length]. exp(…) / Z is a softmax; written as exp and a division it is 0 / 0 far outside.
Tensor filterbank(const Tensor& mu, const Tensor& variance, std::int64_t length) {
  const Tensor a = torch::arange(1, length + 1, mu.options());
  return torch::softmax(-(a - mu).square() / (2 * variance.view({-1, 1, 1})), 2);
}

// [n, C·B·A] as [n, C, B, A].
Tensor planes(const WindowShape& shape, const Tensor& images) {
  return images.view({-1, shape.channels, shape.height, shape.width});
}

Tensor initial(const Tensor& state, std::int64_t batch) { return state.flatten().unsqueeze(0).expand({batch, -1}); }

}  // namespace

Filterbanks filterbanks(const WindowShape& shape, const Tensor& parameters) {
  const auto column = [&](std::int64_t k) { return parameters.select(1, k); };
  const auto width = static_cast<double>(shape.width), height = static_cast<double>(shape.height);
  const Tensor g_x = (width + 1) / 2 * (column(0) + 1), g_y = (height + 1) / 2 * (column(1) + 1);
  const Tensor variance = torch::exp(column(2).clamp(kMinLogVariance, kMaxLogVariance));
  const double scale = shape.size == 1 ? 0 : (std::max(width, height) - 1) / static_cast<double>(shape.size - 1);
  const Tensor stride = scale * torch::exp(column(3).clamp(-kMaxLogStride, kMaxLogStride));
  const Tensor intensity = torch::exp(column(4).clamp(-kMaxLogIntensity, kMaxLogIntensity));
  return {.f_x = filterbank(centers(g_x, stride, shape.size), variance, shape.width),
          .f_y = filterbank(centers(g_y, stride, shape.size), variance, shape.height),
          .intensity = intensity.view({-1, 1, 1, 1})};
}

Tensor read_windows(const WindowShape& shape, const Tensor& parameters, const Tensor& image, const Tensor& error) {
  const Filterbanks f = filterbanks(shape, parameters);
  const auto read = [&](const Tensor& images) {
    return (f.intensity *
            torch::matmul(torch::matmul(f.f_y.unsqueeze(1), planes(shape, images)), f.f_x.unsqueeze(1).transpose(2, 3)))
        .flatten(1);
  };
  return torch::cat({read(image), read(error)}, 1);
}

Tensor write_windows(const WindowShape& shape, const Tensor& parameters, const Tensor& patch) {
  const Filterbanks f = filterbanks(shape, parameters);
  const Tensor w = patch.view({-1, shape.channels, shape.size, shape.size});
  return (torch::matmul(torch::matmul(f.f_y.unsqueeze(1).transpose(2, 3), w), f.f_x.unsqueeze(1)) / f.intensity)
      .flatten(1);
}

DrawResult draw(const models::DrawShape& shape, const Parameters& parameters, const Tensor& x, const Tensor& noise,
                std::int64_t whole_batch) {
  const std::int64_t batch = x.size(0);
  const kernels::CellShape encoder{.input_size = glimpse_size(shape) + shape.dec_rnn_size,
                                   .hidden_size = shape.enc_rnn_size};
  const kernels::CellShape decoder{.input_size = shape.z_size, .hidden_size = shape.dec_rnn_size};
  Tensor encoder_state = initial(parameters.at("encoder.initial_state"), batch);
  Tensor decoder_state = initial(parameters.at("decoder.initial_state"), batch);
  Tensor canvas = initial(parameters.at("canvas"), batch);
  std::vector<Tensor> kl, z_of_steps, canvases;
  Tensor log_ratio = torch::zeros({batch}, x.options());
  for (std::int64_t t = 0; t < shape.steps; ++t) {
    const Tensor h_before = decoder_state.narrow(1, 0, shape.dec_rnn_size);
    const Tensor x_hat = x - torch::sigmoid(canvas);  // eq. 3
    const Tensor r = shape.reads_with_attention ? read_windows(window(shape, shape.read_size),
                                                               linear(parameters, "read.window", h_before), x, x_hat)
                                                : torch::cat({x, x_hat}, 1);  // eq. 4
    encoder_state = cell_step(encoder, parameters, "encoder.", torch::cat({r, h_before}, 1), encoder_state);
    const Tensor h_enc = encoder_state.narrow(1, 0, shape.enc_rnn_size);  // eq. 5
    const Tensor mu = linear(parameters, "latent.mu", h_enc);
    const Tensor log_sigma = linear(parameters, "latent.log_sigma", h_enc), sigma = torch::exp(log_sigma);
    const Tensor epsilon = noise.narrow(1, t * shape.z_size, shape.z_size);
    const Tensor z = mu + sigma * epsilon;                                          // eq. 6
    kl.push_back(0.5 * (mu.square() + sigma.square() - 2 * log_sigma - 1).sum(1));  // eq. 11
    log_ratio = log_ratio + (log_sigma + 0.5 * (epsilon.square() - z.square())).sum(1);
    z_of_steps.push_back(z);
    decoder_state = cell_step(decoder, parameters, "decoder.", z, decoder_state);  // eq. 7
    const Tensor h_dec = decoder_state.narrow(1, 0, shape.dec_rnn_size);
    const Tensor patch = linear(parameters, "write.patch", h_dec);
    canvas = canvas + (shape.writes_with_attention ? write_windows(window(shape, shape.write_size),
                                                                   linear(parameters, "write.window", h_dec), patch)
                                                   : patch);  // eq. 8
    canvases.push_back(canvas);
  }
  const Tensor mean = torch::sigmoid(canvas);
  const double deviation = shape.pixel_deviation;
  const Tensor loss =
      shape.likelihood == kernels::PixelLikelihood::kBernoulli
          ? torch::binary_cross_entropy_with_logits(canvas, x, {}, {}, at::Reduction::None)
          : (mean - x).square() / (2 * deviation * deviation) + std::log(deviation * std::sqrt(2 * std::numbers::pi));
  DrawResult result{.total = {},
                    .reconstruction = loss.sum(1),  // eq. 9
                    .kl = torch::stack(kl, 1),
                    .log_ratio = log_ratio,
                    .z = torch::cat(z_of_steps, 1),
                    .canvases = torch::stack(canvases)};
  result.total = (result.reconstruction + result.kl.sum(1)).sum() /
                 static_cast<double>(whole_batch > 0 ? whole_batch : batch);  // eq. 12
  return result;
}

}  // namespace limn::libtorch::oracle
