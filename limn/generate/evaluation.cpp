#include "limn/generate/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "limn/core/error.hpp"
#include "limn/generate/decoder.hpp"
#include "limn/generate/encoder.hpp"
#include "limn/kernels/mixture_density.hpp"

namespace limn {
namespace {

// The decoder over whole sketches whose points are known (teacher forcing).
class TeacherForcedDecoder {
 public:
  explicit TeacherForcedDecoder(const SketchRnnWeights& weights)
      : weights_(weights),
        shape_(decoder_shape(weights.options)),
        cell_(shape_, kernels::Direction::kForward),
        output_(weights.output, weights.options.dec_rnn_size) {
    if (weights.options.conditional)
      initial_state_ = PackedLinear(weights.initial_state, weights.options.z_size);
  }

  // z [B, Z], empty for an unconditional model.
  void run(const StrokeBatch& batch, ConstMatrix z) {
    const std::int64_t rows = batch.rows();
    std::vector<float> latents, states;
    kernels::RecurrentSequence::Input input{.parameters = weights_.decoder_cell,
                                            .active = batch.active,
                                            .x = ConstMatrix(batch.inputs, rows, kStroke5),
                                            .keep_for_backward = false};
    if (weights_.options.conditional) {
      latents = decoder_latents(weights_, z);
      input.constant = ConstMatrix(latents.data(), z.rows, z.columns);
      states = initial_states(initial_state_, input.constant);
      input.initial_state = ConstMatrix(states.data(), z.rows, kernels::state_size(shape_));
    }
    hidden_.resize(rows, shape_.hidden_size);
    outputs_.resize(rows, output_.out());
    cell_.forward(input, hidden_.view(), {});
    output_.apply_parallel(hidden_.view(), outputs_.view());
  }
  // Sums over the batch that was run.
  kernels::MixtureDensitySums losses(const StrokeBatch& batch) {
    return kernels::mixture_density_loss(outputs_.view(), ConstMatrix(batch.targets, batch.rows(), kStroke5), 1.0F);
  }
  [[nodiscard]] ConstMatrix hidden() const { return hidden_.view(); }
  [[nodiscard]] ConstMatrix outputs() const { return outputs_.view(); }

 private:
  const SketchRnnWeights& weights_;
  kernels::CellShape shape_;
  kernels::RecurrentSequence cell_;
  PackedLinear output_;
  PackedLinear initial_state_;
  kernels::MatrixBuffer hidden_;   // [R, H]
  kernels::MatrixBuffer outputs_;  // [R, 3 + 6M]
};

// -½ Σ (1 + σ̂ - μ² - exp σ̂), over sketches and latent dimensions.
double kl_sum(const LatentPosterior& posterior) {
  double sum = 0;
  for (std::size_t i = 0; i < posterior.mu.values.size(); ++i) {
    const double mu = posterior.mu.values[i], log_variance = posterior.log_variance.values[i];
    sum -= 0.5 * (1 + log_variance - mu * mu - std::exp(log_variance));
  }
  return sum;
}

// The z of every sketch, batch after batch, and the KL term's sum.
struct EncodedSplit {
  Latents z;
  double kl_sum = 0;
};

EncodedSplit encode_split(const SketchRnnWeights& weights, std::span<const StrokeBatch> batches,
                          const EvaluationOptions& options) {
  EncodedSplit split;
  split.z.z_size = weights.options.z_size;
  const SketchRnnEncoder encoder(weights);
  for (const StrokeBatch& batch : batches) {
    const LatentPosterior posterior = encoder.encode(batch);
    split.kl_sum += kl_sum(posterior);
    const Latents z =
        options.uses_mean ? posterior.mu : posterior_latents(posterior, options.seed, batch.indices);
    split.z.values.insert(split.z.values.end(), z.values.begin(), z.values.end());
  }
  return split;
}

// Every row from another place: a random cyclic permutation (Sattolo 1986) leaves none where it was.
Latents shuffled(const Latents& z, std::uint64_t seed) {
  std::vector<std::int64_t> from(static_cast<std::size_t>(z.count()));
  std::iota(from.begin(), from.end(), std::int64_t{0});
  RandomStream random(seed, Purpose::kLatentEvaluation, 1);
  for (std::size_t i = from.size(); i > 1; --i) std::swap(from[i - 1], from[random.below(i - 1)]);
  Latents out(z.count(), z.z_size);
  for (std::int64_t i = 0; i < z.count(); ++i)
    std::ranges::copy(z.row(from[static_cast<std::size_t>(i)]), out.row(i).begin());
  return out;
}

kernels::MixtureDensitySums decode_split(const SketchRnnWeights& weights,
                                         std::span<const StrokeBatch> batches, const Latents& z) {
  TeacherForcedDecoder decoder(weights);
  kernels::MixtureDensitySums sums;
  std::int64_t first = 0;
  for (const StrokeBatch& batch : batches) {
    if (batch.batch_size() == 0) continue;
    const ConstMatrix rows =
        z.values.empty() ? ConstMatrix() : ConstMatrix(z.row(first).data(), batch.batch_size(), z.z_size);
    decoder.run(batch, rows);
    const auto part = decoder.losses(batch);
    sums.offset += part.offset;
    sums.pen += part.pen;
    sums.pen_drawing += part.pen_drawing;
    first += batch.batch_size();
  }
  return sums;
}

}  // namespace

SketchRnnEvaluation evaluate(const SketchRnnWeights& weights, std::span<const StrokeBatch> batches,
                             const EvaluationOptions& options) {
  require(options.max_seq_len > 0,
          "evaluation: max_seq_len is {}, expected the N_max of the model or its data", options.max_seq_len);
  SketchRnnEvaluation result;
  for (const StrokeBatch& batch : batches) result.n += batch.batch_size();
  require(result.n > 0, "evaluation: the split holds no sketch");
  EncodedSplit encoded;
  if (weights.options.conditional) encoded = encode_split(weights, batches, options);

  const double divisor = static_cast<double>(options.max_seq_len) * static_cast<double>(result.n);
  const auto sums = decode_split(weights, batches, encoded.z);
  result.offset = sums.offset / divisor;
  result.pen = sums.pen_drawing / divisor;
  result.pen_training_form = sums.pen / divisor;
  result.reconstruction = result.offset + result.pen;
  result.reconstruction_training_form = result.offset + result.pen_training_form;
  result.total = result.reconstruction;
  if (!weights.options.conditional) return result;
  result.kl = encoded.kl_sum / (static_cast<double>(result.n) * static_cast<double>(weights.options.z_size));
  result.total += weights.options.kl_weight * std::max(result.kl, weights.options.kl_tolerance);
  if (options.with_shuffled_z && result.n > 1) {
    const auto other = decode_split(weights, batches, shuffled(encoded.z, options.seed));
    result.reconstruction_shuffled_z = (other.offset + other.pen_drawing) / divisor;
  }
  return result;
}

SketchRnnEvaluation evaluate(const SketchRnnWeights& weights, const StrokeDataset& data, Split split,
                             EvaluationOptions options) {
  if (options.max_seq_len == 0) options.max_seq_len = data.max_seq_len();
  require(!data.split(split).empty(), "{}: its {} split holds no sketch to evaluate", data.name(),
          kSplitNames[static_cast<std::size_t>(split)]);
  return evaluate(weights, data.evaluation_batches(split, options.batch_size), options);
}

SketchRnnLayers layer_outputs(const SketchRnnWeights& weights, const StrokeBatch& batch) {
  SketchRnnLayers layers;
  ConstMatrix z;
  LatentPosterior posterior;
  if (weights.options.conditional) {
    const SketchRnnEncoder encoder(weights);
    layers.encoder = encoder.hidden(batch);
    posterior = encoder.encode(batch);
    layers.mu = posterior.mu.values;
    layers.log_variance = posterior.log_variance.values;
    z = ConstMatrix(layers.mu, batch.batch_size(), weights.options.z_size);
  }
  TeacherForcedDecoder decoder(weights);
  decoder.run(batch, z);
  const auto values_of = [](ConstMatrix m) { return std::vector<float>(m.data, m.data + m.rows * m.columns); };
  layers.decoder = values_of(decoder.hidden());
  layers.output = values_of(decoder.outputs());
  return layers;
}

}  // namespace limn
