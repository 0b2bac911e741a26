#include "limn/libtorch/oracle/sketch_rnn.hpp"

#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/libtorch/oracle/mixture_density.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"

namespace limn::libtorch::oracle {
namespace {

using torch::Tensor;

kernels::CellType cell_type(const std::string& name) {
  if (name == "lstm") return kernels::CellType::kLstm;
  if (name == "layer_norm") return kernels::CellType::kLayerNorm;
  require(name == "hyper", "oracle: unknown cell {}", name);
  return kernels::CellType::kHyper;
}

kernels::CellShape encoder_cell(const models::SketchRnnOptions& o) {
  return {.type = cell_type(o.enc_model),
          .input_size = sketch::kStroke5,
          .hidden_size = o.enc_rnn_size,
          .hyper_num_units = o.hyper_num_units,
          .hyper_embedding_size = o.hyper_embedding_size};
}

// The weight of the KL term: from kl_weight_start towards kl_weight, nearer by kl_decay_rate at each step, or, of a run
// planned for some steps, in equal steps over the first two thirds of them.
double annealed_kl_weight(const models::SketchRnnOptions& o, const SketchRnnLossInput& at) {
  const auto step = static_cast<double>(at.step);
  if (at.planned_steps > 0) {
    const double rise = 2.0 / 3.0 * static_cast<double>(at.planned_steps);
    return step >= rise ? o.kl_weight : o.kl_weight_start + (o.kl_weight - o.kl_weight_start) * step / rise;
  }
  const double distance = std::pow(o.kl_decay_rate, step);
  return o.kl_weight * (1 - distance) + o.kl_weight_start * distance;
}

struct PaddedBatch {
  Tensor inputs;   // [T, B, 5]: S_0 … S_Ns, then end rows
  Tensor targets;  // [T, B, 5]: S_1 … S_Ns, S_end, then end rows
  Tensor counts;   // [T, B]: 1 for the steps up to and with the one that says end
};

// `rows` [R, 5] with end rows (0, 0, 0, 0, 1) where a sketch is over, cut or filled to `steps` steps.
Tensor padded_rows(const std::vector<float>& rows, const std::vector<std::int64_t>& active, std::int64_t steps) {
  const std::int64_t batch = active.front();
  Tensor padded = torch::zeros({steps, batch, sketch::kStroke5});
  padded.select(2, sketch::kStroke5 - 1).fill_(1);
  auto values = padded.accessor<float, 3>();
  std::size_t next = 0;
  for (std::int64_t t = 0; t < static_cast<std::int64_t>(active.size()); ++t) {
    for (std::int64_t b = 0; b < active[static_cast<std::size_t>(t)]; ++b) {
      for (int k = 0; k < sketch::kStroke5; ++k, ++next) {
        if (t < steps) values[t][b][k] = rows[next];
      }
    }
  }
  return padded;
}

PaddedBatch pad_batch(const sketch::StrokeBatch& batch, std::int64_t steps, torch::Dtype dtype) {
  const Tensor lengths = torch::tensor(batch.lengths, torch::kInt64);
  const Tensor times = torch::arange(steps, torch::kInt64).unsqueeze(1);
  return {padded_rows(batch.inputs, batch.active, steps).to(dtype),
          padded_rows(batch.targets, batch.active, steps).to(dtype), (times <= lengths).to(dtype)};
}

struct Model {
  const Parameters& parameters;
  const models::SketchRnnOptions& options;

  [[nodiscard]] Tensor linear(const std::string& name, const Tensor& x) const {
    return torch::matmul(x, parameters.at(name + ".weight").t()) + parameters.at(name + ".bias");
  }
};

struct Latent {
  Tensor mu, log_variance;  // [B, Z]; log_variance is the paper's σ̂
};

// Eq. 1 and 2: h = [h_fw; h_bw], μ = W_μ h + b, σ̂ = W_σ h + b. Reads S_1 … S_Ns.
Latent encode(const Model& model, const sketch::StrokeBatch& batch, const PaddedBatch& padded,
              const SketchRnnDropout& dropout) {
  const std::int64_t longest = batch.lengths.front(), units = model.options.enc_rnn_size;
  const auto shape = encoder_cell(model.options);
  SequenceInput input{.x = padded.inputs.narrow(0, 1, longest), .lengths = batch.lengths};
  const auto final_h = [&](kernels::Direction direction, const char* prefix, const kernels::RecurrentDropout& drop) {
    input.dropout = drop;
    return run_sequence(shape, direction, model.parameters, prefix, input).final_state.narrow(1, 0, units);
  };
  const Tensor h = torch::cat({final_h(kernels::Direction::kForward, "encoder.forward.", dropout.encoder_forward),
                               final_h(kernels::Direction::kBackward, "encoder.backward.", dropout.encoder_backward)},
                              1);
  return {model.linear("encoder.mu", h), model.linear("encoder.log_variance", h)};
}

// Eq. 4: the outputs y of every step, [T, B, 3 + 6M]; z is undefined in an unconditional model.
Tensor decode(const Model& model, const PaddedBatch& padded, const Tensor& z, const SketchRnnDropout& dropout) {
  const std::int64_t steps = padded.inputs.size(0), batch = padded.inputs.size(1);
  const auto shape = decoder_cell(model.options);
  const auto dtype = padded.inputs.scalar_type();
  Tensor state = torch::zeros({batch, state_columns(shape)}, padded.inputs.options());
  if (z.defined()) state = torch::tanh(model.linear("decoder.initial_state", z));  // Ha & Eck 2017, §3.2
  std::vector<Tensor> outputs;
  for (std::int64_t t = 0; t < steps; ++t) {
    Tensor x = z.defined() ? torch::cat({padded.inputs[t], z}, 1) : padded.inputs[t];
    x = x * keep_masks(dropout.input, batch, t, x.size(1), dtype);
    state = cell_step(shape, model.parameters, "decoder.cell.", x, state, dropout.decoder, t);
    const Tensor h = state.narrow(1, 0, shape.hidden_size);
    outputs.push_back(model.linear("decoder.output", h * keep_masks(dropout.output, batch, t, h.size(1), dtype)));
  }
  return torch::stack(outputs);
}

}  // namespace

kernels::CellShape decoder_cell(const models::SketchRnnOptions& o) {
  return {.type = cell_type(o.dec_model),
          .input_size = sketch::kStroke5,
          .constant_size = o.conditional ? o.z_size : 0,
          .hidden_size = o.dec_rnn_size,
          .hyper_num_units = o.hyper_num_units,
          .hyper_embedding_size = o.hyper_embedding_size};
}

SketchRnnDropout training_dropout(const models::SketchRnnOptions& options, const sketch::StrokeBatch& batch,
                                  std::uint64_t seed, std::uint64_t step) {
  const auto masks = [&](bool is_used, double keep, Purpose purpose) {
    return kernels::RecurrentDropout{.keep = is_used ? static_cast<float>(keep) : 1.0f,
                                     .seed = seed,
                                     .purpose = purpose,
                                     .step = step,
                                     .numbers = batch.places};
  };
  const bool recurs = options.use_recurrent_dropout;
  const double keep = options.recurrent_dropout_prob;
  return {.encoder_forward = masks(recurs, keep, Purpose::kRecurrentDropout),
          .encoder_backward = masks(recurs, keep, Purpose::kRecurrentDropoutBackward),
          .decoder = masks(recurs, keep, Purpose::kRecurrentDropoutDecoder),
          .input = masks(options.use_input_dropout, options.input_dropout_prob, Purpose::kInputDropout),
          .output = masks(options.use_output_dropout, options.output_dropout_prob, Purpose::kOutputDropout)};
}

Tensor training_epsilon(const models::SketchRnnOptions& options, const sketch::StrokeBatch& batch, std::uint64_t seed,
                        std::uint64_t step) {
  Tensor epsilon = torch::empty({batch.batch_size(), options.z_size}, torch::kFloat32);
  auto values = epsilon.accessor<float, 2>();
  for (std::int64_t b = 0; b < batch.batch_size(); ++b) {
    const std::int64_t number = batch.places.empty() ? b : batch.places[static_cast<std::size_t>(b)];
    RandomStream random(seed, Purpose::kLatentTraining, step, static_cast<std::uint64_t>(number));
    for (std::int64_t i = 0; i < options.z_size; ++i) values[b][i] = random.normal();
  }
  return epsilon;
}

SketchRnnLossTensors sketch_rnn_loss(const Parameters& parameters, const models::SketchRnnOptions& options,
                                     const sketch::StrokeBatch& batch, const SketchRnnLossInput& step) {
  const Model model{parameters, options};
  const auto dtype = parameters.at("decoder.output.weight").scalar_type();
  const auto own_steps = static_cast<std::int64_t>(batch.active.size());
  const PaddedBatch padded = pad_batch(batch, own_steps, dtype);

  Tensor z, kl = torch::zeros({}, dtype);
  if (options.conditional) {
    const Latent latent = encode(model, batch, padded, step.dropout);
    z = latent.mu;  // eq. 2: z = μ + exp(σ̂ / 2) ⊙ ε
    if (step.epsilon.defined()) z = z + torch::exp(latent.log_variance / 2) * step.epsilon.to(dtype);
    const Tensor each = -0.5 * (1 + latent.log_variance - latent.mu.square() - torch::exp(latent.log_variance));
    kl = options.kl_reduction == "mean" ? each.mean() : each.sum(-1).mean();  // eq. 10
  }

  // Magenta's training runs all N_max steps of every sketch and sums the pen loss over all of them.
  const bool pads = options.pen_loss_over_padding;
  const PaddedBatch read = pads ? pad_batch(batch, step.max_seq_len, dtype) : padded;
  const StepLosses losses = mixture_density(decode(model, read, z, step.dropout), read.targets, options.density_floor);
  const double divisor = static_cast<double>(step.max_seq_len * batch.batch_size());
  const Tensor is_drawing = 1 - read.targets.select(2, 4);
  // Of the rows that say end, the first of each sketch.
  const Tensor is_end = torch::zeros_like(is_drawing);
  for (std::int64_t b = 0; b < batch.batch_size(); ++b)
    if (const std::int64_t t = batch.lengths[static_cast<std::size_t>(b)]; t < is_end.size(0)) is_end[t][b] = 1;
  Tensor pen_counts = pads ? torch::ones_like(read.counts) : read.counts;
  if (!options.pen_loss_at_end) pen_counts = pen_counts - is_end;
  if (options.pen_reduction == "mean") pen_counts = pen_counts / 3;
  const Tensor offset_counts = options.offset_loss_at_end ? is_drawing + is_end : is_drawing;

  SketchRnnLossTensors sums;
  sums.offset = (offset_counts * losses.offset).sum() / divisor;
  sums.pen = (pen_counts * losses.pen).sum() / divisor;
  sums.pen_drawing = (is_drawing * losses.pen).sum() / divisor;
  sums.kl = kl;
  sums.total = sums.offset + sums.pen;
  if (options.conditional) {
    sums.total = sums.total + annealed_kl_weight(options, step) * torch::clamp_min(kl, options.kl_tolerance);
  }
  return sums;
}

}  // namespace limn::libtorch::oracle
