#include "limn/libtorch/oracle/sketch_rnn.hpp"

#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/libtorch/oracle/keep_masks.hpp"
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

// A batch on the device of the parameters.
struct Rows {
  Tensor inputs, targets;            // [R, 5]
  std::vector<std::int64_t> active;  // sketches of each step
  PackedRows numbers;
};

Tensor strokes_of(const std::vector<float>& rows, const Tensor& like) {
  const Tensor host = torch::from_blob(const_cast<float*>(rows.data()),
                                       {static_cast<std::int64_t>(rows.size()) / sketch::kStroke5, sketch::kStroke5})
                          .to(like.scalar_type(), /*non_blocking=*/false, /*copy=*/true);
  return to_device(host, like.device());
}

// Magenta's training runs all N_max steps of every sketch: with end rows (0, 0, 0, 0, 1) where a sketch is over, or cut
// to `steps` steps.
std::vector<float> with_end_rows(const std::vector<float>& rows, const std::vector<std::int64_t>& active,
                                 std::int64_t steps) {
  const std::int64_t batch = active.front();
  std::vector<float> all;
  all.reserve(static_cast<std::size_t>(steps * batch * sketch::kStroke5));
  auto next = rows.begin();
  for (std::int64_t t = 0; t < steps; ++t) {
    const std::int64_t own = t < std::ssize(active) ? active[static_cast<std::size_t>(t)] : 0;
    const auto end = next + own * sketch::kStroke5;
    all.insert(all.end(), next, end);
    next = end;
    for (std::int64_t b = own; b < batch; ++b) all.insert(all.end(), {0, 0, 0, 0, 1});
  }
  return all;
}

Rows rows_of(const sketch::StrokeBatch& batch, const Tensor& like, std::int64_t padded_steps) {
  if (padded_steps == 0)
    return {strokes_of(batch.inputs, like), strokes_of(batch.targets, like), batch.active,
            packed_rows(batch.active, batch.places, like.device())};
  const std::vector<std::int64_t> all(static_cast<std::size_t>(padded_steps), batch.batch_size());
  return {strokes_of(with_end_rows(batch.inputs, batch.active, padded_steps), like),
          strokes_of(with_end_rows(batch.targets, batch.active, padded_steps), like), all,
          packed_rows(all, batch.places, like.device())};
}

struct Model {
  const Parameters& parameters;
  const models::SketchRnnOptions& options;
  const SketchRnnLossInput& step;

  // Both halves of `state` hold h first.
  [[nodiscard]] SequenceOutput run(const kernels::CellShape& shape, kernels::Direction direction,
                                   const std::string& prefix, const SequenceInput& input) const {
    return step.uses_fused_lstm && direction == kernels::Direction::kForward && has_fused_lstm(shape, input.mask)
               ? run_fused_lstm(shape, parameters, {prefix}, input)
               : run_sequence(shape, direction, parameters, prefix, input);
  }
};

struct Latent {
  Tensor mu, log_variance;  // [B, Z]; log_variance is the paper's σ̂
};

// h = [h_fw; h_bw], μ = W_μ h + b, σ̂ = W_σ h + b. Reads S_1 … S_Ns.
Latent encode(const Model& model, const Tensor& inputs, const PackedRows& numbers,
              const std::vector<std::int64_t>& active) {
  const std::int64_t first = active.front(), units = model.options.enc_rnn_size;
  const auto shape = encoder_cell(model.options);
  SequenceInput input{.x = inputs.narrow(0, first, inputs.size(0) - first),
                      .active = {active.begin() + 1, active.end()}};
  // The masks are numbered from S_1 on.
  PackedRows rows = numbers.narrow(first, inputs.size(0) - first);
  rows.step = rows.step - 1;
  const auto& dropout = model.step.dropout;
  const auto mask = [&](const kernels::RecurrentDropout& drop) { return keep_masks(drop, rows, mask_columns(shape)); };
  const Tensor forward = mask(dropout.encoder_forward), backward = mask(dropout.encoder_backward);
  Tensor h;
  if (model.step.uses_fused_lstm && has_fused_lstm(shape, forward) && has_fused_lstm(shape, backward)) {
    const Tensor state =
        run_fused_lstm(shape, model.parameters, {"encoder.forward.", "encoder.backward."}, input).final_state;
    h = torch::cat({state.narrow(1, 0, units), state.narrow(1, state_columns(shape), units)}, 1);
  } else {
    const auto final_h = [&](kernels::Direction direction, const char* prefix, const Tensor& masks) {
      input.mask = masks;
      return run_sequence(shape, direction, model.parameters, prefix, input).final_state.narrow(1, 0, units);
    };
    h = torch::cat({final_h(kernels::Direction::kForward, "encoder.forward.", forward),
                    final_h(kernels::Direction::kBackward, "encoder.backward.", backward)},
                   1);
  }
  return {linear(model.parameters, "encoder.mu", h), linear(model.parameters, "encoder.log_variance", h)};
}

Tensor masked(const Tensor& values, const Tensor& mask) { return mask.defined() ? values * mask : values; }

// Eq. 4: the outputs y of every row, [R, 3 + 6M]; z is undefined in an unconditional model.
Tensor decode(const Model& model, const Rows& rows, const Tensor& z) {
  const auto shape = decoder_cell(model.options);
  const auto& dropout = model.step.dropout;
  Tensor x = z.defined() ? torch::cat({rows.inputs, z.index_select(0, rows.numbers.sequence)}, 1) : rows.inputs;
  x = masked(x, keep_masks(dropout.input, rows.numbers, x.size(1)));
  const SequenceInput input{
      .x = x,
      .active = rows.active,
      // Ha & Eck 2017, §3.2
      .initial_state = z.defined() ? torch::tanh(linear(model.parameters, "decoder.initial_state", z)) : Tensor(),
      .mask = keep_masks(dropout.decoder, rows.numbers, mask_columns(shape))};
  const Tensor h = model.run(shape, kernels::Direction::kForward, "decoder.cell.", input).hidden;
  return linear(model.parameters, "decoder.output", masked(h, keep_masks(dropout.output, rows.numbers, h.size(1))));
}

// `own` are the batch's rows, which are read again unless the pen loss goes over the padding: Magenta's training runs
// all N_max steps of every sketch and sums that loss over all of them.
SketchRnnSums sums_of(const Model& model, const sketch::StrokeBatch& batch, const Rows& own, const Tensor& z,
                      torch::Dtype sums_in) {
  const auto& o = model.options;
  const Tensor& like = own.inputs;
  const Rows read = o.pen_loss_over_padding ? rows_of(batch, like, model.step.max_seq_len) : own;
  const StepLosses losses = mixture_density(decode(model, read, z), read.targets, o.density_floor);
  const Tensor is_drawing = 1 - read.targets.select(1, 4);
  // Of the rows that say end, the first of each sketch.
  const Tensor lengths = to_device(torch::tensor(batch.lengths, torch::kInt64), like.device());
  const Tensor is_end =
      (read.numbers.step == lengths.index_select(0, read.numbers.sequence)).to(is_drawing.scalar_type());
  Tensor pen_counts = torch::ones_like(is_drawing);
  if (!o.pen_loss_at_end) pen_counts = pen_counts - is_end;
  if (o.pen_reduction == "mean") pen_counts = pen_counts / 3;
  const auto sum = [&](const Tensor& counts, const Tensor& of_rows) { return (counts * of_rows).sum(sums_in); };
  SketchRnnSums sums;
  sums.offset = sum(o.offset_loss_at_end ? is_drawing + is_end : is_drawing, losses.offset);
  sums.offset_drawing = o.offset_loss_at_end ? sum(is_drawing, losses.offset) : sums.offset;
  sums.pen = sum(pen_counts, losses.pen);
  sums.pen_drawing = sum(is_drawing, losses.pen);
  return sums;
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
  const Model model{parameters, options, step};
  const Tensor& like = parameters.at("decoder.output.weight");
  const std::int64_t size = batch.batch_size();
  const auto whole = static_cast<double>(step.whole_batch > 0 ? step.whole_batch : size);
  const Rows rows = rows_of(batch, like, 0);

  Tensor z, kl = torch::zeros({}, like.options()), bounded_kl;
  if (options.conditional) {
    const Latent latent = encode(model, rows.inputs, rows.numbers, rows.active);
    z = latent.mu;  // eq. 2: z = μ + exp(σ̂ / 2) ⊙ ε
    if (step.epsilon.defined())
      z = z + torch::exp(latent.log_variance / 2) * to_device(step.epsilon, like.device()).to(like.scalar_type());
    const Tensor each = -0.5 * (1 + latent.log_variance - latent.mu.square() - torch::exp(latent.log_variance));
    kl = each.sum() / (options.kl_reduction == "mean" ? whole * static_cast<double>(options.z_size) : whole);  // eq. 10
    // Eq. 11: the tolerance bounds the divergence of the whole batch; below it this part of the batch has its share.
    const Tensor of_all = step.sum ? step.sum(kl.detach()) : kl.detach();
    bounded_kl = torch::where(of_all <= options.kl_tolerance,
                              torch::full_like(kl, options.kl_tolerance * static_cast<double>(size) / whole), kl);
  }

  const double divisor = static_cast<double>(step.max_seq_len) * whole;
  const SketchRnnSums sums = sums_of(model, batch, rows, z, like.scalar_type());
  SketchRnnLossTensors losses{.total = {},
                              .offset = sums.offset / divisor,
                              .pen = sums.pen / divisor,
                              .pen_drawing = sums.pen_drawing / divisor,
                              .kl = kl};
  losses.total = losses.offset + losses.pen;
  if (options.conditional) losses.total = losses.total + annealed_kl_weight(options, step) * bounded_kl;
  return losses;
}

Tensor sketch_rnn_posterior(const Parameters& parameters, const models::SketchRnnOptions& options,
                            const sketch::StrokeBatch& batch, const SketchRnnLossInput& step) {
  const Rows rows = rows_of(batch, parameters.at("decoder.output.weight"), 0);
  const Latent latent = encode({parameters, options, step}, rows.inputs, rows.numbers, rows.active);
  return torch::cat({latent.mu, latent.log_variance}, 1);
}

SketchRnnSums sketch_rnn_sums(const Parameters& parameters, const models::SketchRnnOptions& options,
                              const sketch::StrokeBatch& batch, const Tensor& z, const SketchRnnLossInput& step,
                              torch::Dtype sums_in) {
  return sums_of({parameters, options, step}, batch, rows_of(batch, parameters.at("decoder.output.weight"), 0), z,
                 sums_in);
}

}  // namespace limn::libtorch::oracle
