#include "limn/models/sketch_rnn/step.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/losses/gaussian_latent.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/step_noise.hpp"

namespace limn::models {
namespace {

kernels::RecurrentDropout dropout_of(const SketchRnnStep::Input& input, Purpose purpose, bool is_used, double keep) {
  return {.keep = static_cast<float>(is_used ? keep : 1.0),
          .seed = input.seed,
          .purpose = purpose,
          .step = input.step,
          .numbers = input.batch.places};
}

bool drops_inputs(const SketchRnnOptions& options) {
  return options.use_input_dropout && static_cast<float>(options.input_dropout_prob) < 1;
}

}  // namespace

SketchRnnStep::SketchRnnStep(const SketchRnnOptions& options, kernels::Precision precision)
    : options_(options), decoder_(options, precision, drops_inputs(options)), rows_(options) {
  if (options.conditional) encoder_.emplace(options, precision);
}

// Eq. 2: z of every sketch. Returns the sum of their KL divergences, in nats.
double SketchRnnStep::draw_latents(const SketchRnnWeights& weights, const Input& input) {
  const std::int64_t size = input.batch.batch_size(), z_size = options_.z_size;
  latent_.resize(size, 2 * z_size);
  for (kernels::MatrixBuffer* const buffer : {&noise_, &z_, &d_z_}) buffer->resize(size, z_size);
  const auto recurrent = [&](Purpose purpose) {
    return dropout_of(input, purpose, options_.use_recurrent_dropout, options_.recurrent_dropout_prob);
  };
  encoder_->forward(weights,
                    {.batch = input.batch,
                     .dropout_forward = recurrent(Purpose::kRecurrentDropout),
                     .dropout_backward = recurrent(Purpose::kRecurrentDropoutBackward),
                     .keep_for_backward = true},
                    latent_.view());
  std::vector<double> kl(static_cast<std::size_t>(size));
  const StepNoise noise{.seed = input.seed, .step = input.step, .places = input.batch.places};
  const auto draw = [&](std::int64_t b) {
    fill_latent_noise(noise, b, {noise_.row(b), static_cast<std::size_t>(z_size)});
    kl[static_cast<std::size_t>(b)] = kernels::gaussian_latent_row(
        {.z_size = z_size, .latent = latent_.row(b), .noise = noise_.row(b), .z = z_.row(b)});
  };
  kernels::parallel_for(size, draw, kNormalOperations * static_cast<double>(size * z_size));
  return std::accumulate(kl.begin(), kl.end(), 0.0);
}

// `batch`: the input's, or the padded one.
void SketchRnnStep::decode(const SketchRnnWeights& weights, const Input& input, const sketch::StrokeBatch& batch) {
  const SketchRnnOptions& o = options_;
  decoder_.forward(
      weights,
      {.batch = batch,
       .z = encoder_ ? ConstMatrix(z_.view()) : ConstMatrix(),
       .recurrent_dropout =
           dropout_of(input, Purpose::kRecurrentDropoutDecoder, o.use_recurrent_dropout, o.recurrent_dropout_prob),
       .input_dropout = dropout_of(input, Purpose::kInputDropout, o.use_input_dropout, o.input_dropout_prob),
       .output_dropout = dropout_of(input, Purpose::kOutputDropout, o.use_output_dropout, o.output_dropout_prob),
       .keep_for_backward = true});
}

// Replaces μ and σ̂ by the gradients of L + kl_scale · Σ KL.
void SketchRnnStep::latents_backward(double kl_scale) {
  for (std::int64_t b = 0; b < latent_.rows(); ++b)
    kernels::gaussian_latent_backward_row({.z_size = options_.z_size,
                                           .kl_scale = static_cast<float>(kl_scale),
                                           .z = z_.row(b),
                                           .dz = d_z_.row(b),
                                           .latent = latent_.row(b)});
}

SketchRnnStep::Losses SketchRnnStep::losses_and_gradients(kernels::Parameters parameters,
                                                          kernels::ParameterGradients gradients, const Input& input) {
  const SketchRnnWeights weights = sketch_rnn_weights(options_, parameters);
  const SketchRnnGradients sorted = sketch_rnn_gradients(options_, gradients);
  const std::int64_t size = input.batch.batch_size();
  const double whole_size = static_cast<double>(input.whole.size > 0 ? input.whole.size : size);
  require(size > 0 && input.max_seq_len > 0, "sketch-rnn step: {} sketches and max_seq_len {}, expected more than 0",
          size, input.max_seq_len);
  Losses losses{.kl_weight = kl_weight_at(options_, static_cast<std::int64_t>(input.step), input.planned_steps)};
  // L_KL (eq. 10) is a mean over the whole batch and Z. Below the tolerance (eq. 11) it is constant.
  const double kl_mean = 1 / (whole_size * kl_divisor(options_));
  double bounded_kl = 0;
  bool is_tolerated = false;
  if (encoder_) {
    losses.kl = kl_mean * draw_latents(weights, input);
    is_tolerated = input.whole.sum(losses.kl) <= options_.kl_tolerance;
    bounded_kl = is_tolerated ? options_.kl_tolerance * static_cast<double>(size) / whole_size : losses.kl;
  }

  const sketch::StrokeBatch& batch = rows_.rows_of(input.batch, input.max_seq_len);
  decode(weights, input, batch);
  const ConstMatrix outputs = decoder_.outputs();
  d_outputs_.resize(outputs.rows, outputs.columns);
  const double divisor = static_cast<double>(input.max_seq_len) * whole_size;
  const kernels::MixtureDensitySums sums =
      kernels::mixture_density_loss(outputs, ConstMatrix(batch.targets, batch.rows(), sketch::kStroke5),
                                    static_cast<float>(1 / divisor), d_outputs_.view(), rows_.terms_of(batch));
  losses.offset = sums.offset / divisor;
  losses.pen = sums.pen / divisor;
  losses.total = losses.offset + losses.pen + losses.kl_weight * bounded_kl;

  decoder_.backward(weights, d_outputs_.view(), sorted, encoder_ ? d_z_.view() : Matrix());
  if (encoder_) {
    latents_backward(is_tolerated ? 0 : losses.kl_weight * kl_mean);
    encoder_->backward(weights, latent_.view(), sorted);
  }
  return losses;
}

}  // namespace limn::models
