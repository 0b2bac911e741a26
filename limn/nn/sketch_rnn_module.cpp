#include "limn/nn/sketch_rnn_module.hpp"

#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/nn/initial_weights.hpp"
#include "limn/nn/mixture_density.hpp"
#include "limn/nn/views.hpp"

namespace limn {
namespace {

using torch::Tensor;

// A copy [R, 5]: the graph reads it in the backward pass, when the batch may be gone.
Tensor rows_of(const std::vector<float>& values) {
  const Tensor rows = torch::empty({static_cast<std::int64_t>(values.size()) / kStroke5, kStroke5});
  std::copy(values.begin(), values.end(), nn::span(rows).begin());
  return rows;
}

kernels::RecurrentDropout dropout_of(const StepNoise& noise, Purpose purpose, double keep) {
  return {.keep = static_cast<float>(keep),
          .seed = noise.seed,
          .purpose = purpose,
          .step = noise.step,
          .numbers = noise.numbers};
}

// The inverted-dropout mask of every packed row: [R, columns].
Tensor packed_mask(const std::vector<std::int64_t>& active, std::int64_t columns,
                   const kernels::RecurrentDropout& dropout) {
  std::vector<std::int64_t> first(active.size() + 1, 0);
  for (std::size_t t = 0; t < active.size(); ++t) first[t + 1] = first[t] + active[t];
  Tensor mask = torch::empty({first.back(), columns});
  const Matrix out = nn::view(mask);
  const auto masks_of_step = [&](std::int64_t t) {
    for (std::int64_t b = 0; b < active[t]; ++b)
      for (std::int64_t j = 0; j < columns; ++j) out(first[t] + b, j) = kernels::keep_mask(dropout, b, t, j);
  };
  // A generator's ten rounds for each element.
  kernels::parallel_for(static_cast<std::int64_t>(active.size()), masks_of_step, 1e3 * static_cast<double>(mask.numel()));
  return mask;
}

// Row (t, b) of the result is row b of `values`: [R, Z]. For input dropout, which masks z anew at each step.
Tensor repeat_packed(const Tensor& values, const std::vector<std::int64_t>& active) {
  std::vector<Tensor> steps;
  for (const std::int64_t count : active) steps.push_back(values.narrow(0, 0, count));
  return torch::cat(steps);
}

// -log q(end) summed over the rows of padding that Magenta's training sum includes: the logits there would be what
// the cell says after the end, so this form pads the batch. Returned as a batch whose sketches all have `steps` rows.
StrokeBatch padded(const StrokeBatch& batch, std::int64_t steps) {
  StrokeBatch full;
  full.indices = batch.indices;
  full.lengths = batch.lengths;
  const std::int64_t size = batch.batch_size();
  full.active.assign(steps, size);
  full.inputs.assign(steps * size * kStroke5, 0.0f);
  full.targets.assign(steps * size * kStroke5, 0.0f);
  std::int64_t row = 0;
  for (std::int64_t t = 0; t < steps; ++t)
    for (std::int64_t b = 0; b < size; ++b) {
      const std::int64_t to = (t * size + b) * kStroke5;
      const bool is_inside = t < static_cast<std::int64_t>(batch.active.size()) && b < batch.active[t];
      for (int k = 0; k < kStroke5; ++k) {
        const float end = k == kStroke5 - 1 ? 1.0f : 0.0f;
        full.inputs[to + k] = is_inside ? batch.inputs[row * kStroke5 + k] : end;
        full.targets[to + k] = is_inside ? batch.targets[row * kStroke5 + k] : end;
      }
      if (is_inside) ++row;
    }
  return full;
}

}  // namespace

SketchRnnImpl::SketchRnnImpl(const SketchRnnOptions& options, std::uint64_t seed, kernels::Precision precision)
    : options_(options) {
  using kernels::Direction;
  decoder_ = std::make_shared<torch::nn::Module>("decoder");
  if (options.conditional) {
    const auto shape = encoder_shape(options);
    encoder_ = register_module("encoder", std::make_shared<torch::nn::Module>("encoder"));
    encoder_forward_ = encoder_->register_module("forward", nn::Recurrent(shape, Direction::kForward, precision));
    encoder_backward_ = encoder_->register_module("backward", nn::Recurrent(shape, Direction::kBackward, precision));
    mu_ = encoder_->register_module("mu", nn::Linear(2 * options.enc_rnn_size, options.z_size));
    log_variance_ = encoder_->register_module("log_variance", nn::Linear(2 * options.enc_rnn_size, options.z_size));
    initial_state_ = decoder_->register_module(
        "initial_state", nn::Linear(options.z_size, kernels::state_size(decoder_shape(options))));
  }
  decoder_cell_ = decoder_->register_module("cell", nn::Recurrent(decoder_shape(options), Direction::kForward, precision));
  output_ = decoder_->register_module(
      "output", nn::Linear(options.dec_rnn_size, kernels::output_size(options.num_mixture), precision));
  register_module("decoder", decoder_);
  initialize_sketch_rnn(*this, seed);
}

SketchRnnImpl::Latent SketchRnnImpl::encode(const Tensor& rows, const StrokeBatch& batch, const StepNoise& noise) {
  const std::int64_t size = batch.batch_size(), hidden = options_.enc_rnn_size;
  // Rows from step 1 on are S_1 … S_Ns, packed (dataset.hpp).
  nn::RecurrentInput input{.x = rows.narrow(0, size, rows.size(0) - size),
                           .active = {batch.active.begin() + 1, batch.active.end()}};
  const double keep = options_.use_recurrent_dropout && is_training() ? options_.recurrent_dropout_prob : 1.0;
  input.dropout = dropout_of(noise, Purpose::kRecurrentDropout, keep);
  const Tensor h_forward = encoder_forward_->forward(input).final_state.narrow(1, 0, hidden);
  input.dropout.purpose = Purpose::kRecurrentDropoutBackward;
  const Tensor h_backward = encoder_backward_->forward(input).final_state.narrow(1, 0, hidden);
  const Tensor h = torch::cat({h_forward, h_backward}, 1);
  return {mu_->forward(h), log_variance_->forward(h)};
}

Tensor SketchRnnImpl::decode(const Tensor& rows, const StrokeBatch& batch, const Tensor& z, const StepNoise& noise) {
  nn::RecurrentInput input{.x = rows, .active = batch.active};
  if (options_.conditional) {
    input.constant = z;
    input.initial_state = torch::tanh(initial_state_->forward(z));  // eq. 3
  }
  const auto keep = [&](bool used, double prob) { return used && is_training() ? prob : 1.0; };
  const auto output_dropout = dropout_of(noise, Purpose::kOutputDropout,
                                         keep(options_.use_output_dropout, options_.output_dropout_prob));
  const auto input_dropout = dropout_of(noise, Purpose::kInputDropout,
                                        keep(options_.use_input_dropout, options_.input_dropout_prob));
  input.dropout = dropout_of(noise, Purpose::kRecurrentDropoutDecoder,
                             keep(options_.use_recurrent_dropout, options_.recurrent_dropout_prob));
  if (input_dropout.keep < 1) {
    if (input.constant.defined()) input.x = torch::cat({input.x, repeat_packed(input.constant, batch.active)}, 1);
    input.constant = Tensor();
    input.x = input.x * packed_mask(batch.active, input.x.size(1), input_dropout);
  }
  Tensor hidden = decoder_cell_->forward(input).hidden;
  if (output_dropout.keep < 1) hidden = hidden * packed_mask(batch.active, hidden.size(1), output_dropout);
  return output_->forward(hidden);
}

SketchRnnLosses SketchRnnImpl::forward(const StrokeBatch& given, const StepNoise& noise, std::int64_t max_seq_len,
                                       const WholeBatch& whole) {
  const std::int64_t size = given.batch_size();
  const double divisor = static_cast<double>(max_seq_len) * static_cast<double>(whole.size ? whole.size : size);
  SketchRnnLosses losses;
  losses.kl_weight = kl_weight_at(options_, static_cast<std::int64_t>(noise.step));

  const Tensor given_rows = rows_of(given.inputs);
  // What this process's sketches are of the batch over all processes.
  const double share = whole.size ? static_cast<double>(size) / static_cast<double>(whole.size) : 1.0;
  Tensor z, kl;
  if (options_.conditional) {
    const Latent latent = encode(given_rows, given, noise);
    // eq. 2; the noise of a sketch follows its place in the whole batch.
    z = latent.mu + torch::exp(0.5 * latent.log_variance) * latent_noise(size, options_.z_size, noise);
    // L_KL of MODELS.md §2 (eq. 10): a mean over batch and latent dimensions.
    kl = -0.5 * (1 + latent.log_variance - latent.mu.square() - torch::exp(latent.log_variance)).mean();
    losses.kl = share * kl.item<double>();
  }
  const bool pads = options_.pen_loss_over_padding && is_training();
  const StrokeBatch full = pads ? padded(given, max_seq_len) : StrokeBatch{};
  const StrokeBatch& batch = pads ? full : given;
  const Tensor rows = rows_of(batch.inputs), targets = rows_of(batch.targets);
  const auto density = nn::mixture_density_loss(decode(rows, batch, z, noise), targets, static_cast<float>(1.0 / divisor));
  losses.offset = density.sums.offset / divisor;
  losses.pen = density.sums.pen / divisor;
  losses.total = density.loss;
  if (options_.conditional) {
    const bool is_tolerated = whole.sum(losses.kl) <= options_.kl_tolerance;
    const Tensor bounded = is_tolerated ? torch::full({}, options_.kl_tolerance) : kl;  // max(L_KL, tolerance)
    losses.total = losses.total + losses.kl_weight * share * bounded;
  }
  return losses;
}

}  // namespace limn
