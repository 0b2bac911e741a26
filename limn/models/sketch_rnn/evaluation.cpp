#include "limn/models/sketch_rnn/evaluation.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/models/latent.hpp"
#include "limn/models/sketch_rnn/decoder.hpp"
#include "limn/models/sketch_rnn/decoder_pass.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/models/sketch_rnn/encoder_pass.hpp"
#include "limn/models/sketch_rnn/loss_rows.hpp"

namespace limn::models {
namespace {

// The batches of a split, one after the other: batch(k), k = 0 … count - 1.
struct BatchSource {
  std::int64_t count = 0;
  std::function<sketch::StrokeBatch(std::int64_t)> batch;
};

constexpr std::int64_t kFiguresOfBatch = 3;  // of NetworkPasses
struct EvaluationSums {
  double offset = 0, pen = 0;  // over i <= Ns
  double training_form = 0;    // of both

  void operator+=(const EvaluationSums& other) {
    offset += other.offset;
    pen += other.pen;
    training_form += other.training_form;
  }
};

// Sums over a split, of which one batch is in memory at a time.
class SplitEvaluation {
 public:
  SplitEvaluation(const SketchRnnWeights& weights, const BatchSource& source, const EvaluationOptions& options)
      : weights_(weights), options_(options), source_(source), decoder_(weights.options), rows_(weights.options) {
    if (weights.options.conditional) encoder_.emplace(weights.options);
    z_.z_size = weights.options.z_size;
  }

  // Encodes and decodes every sketch.
  void run() {
    const auto compute = [this](std::int64_t k) -> std::vector<double> {
      const sketch::StrokeBatch batch = source_.batch(k);
      if (batch.batch_size() == 0) return {};
      double kl = 0;
      const ConstMatrix z = encoder_ ? latents(batch, kl) : ConstMatrix();
      const EvaluationSums sums = decode(batch, z);
      return {static_cast<double>(batch.batch_size()), kl, sums.offset, sums.pen, sums.training_form};
    };
    const auto add = [this](std::span<const double> figures) {
      if (figures.empty()) return;
      n_ += static_cast<std::int64_t>(figures[0]);
      kl_sum_ += figures[1];
      sums_ += {.offset = figures[2], .pen = figures[3], .training_form = figures[4]};
    };
    share_work({.pieces = source_.count, .most_figures = 5, .compute = compute, .add = add}, options_.among);
  }

  // Decodes every sketch from the z of another, after run().
  EvaluationSums decode_shuffled() {
    const Latents z = shuffled(z_, options_.seed);
    EvaluationSums sums;
    std::int64_t first = 0;
    for (std::int64_t k = 0; k < source_.count; ++k) {
      const sketch::StrokeBatch batch = source_.batch(k);
      if (batch.batch_size() == 0) continue;
      sums += decode(batch, ConstMatrix(z.row(first).data(), batch.batch_size(), z.z_size));
      first += batch.batch_size();
    }
    return sums;
  }

  [[nodiscard]] std::int64_t n() const { return n_; }
  [[nodiscard]] double kl() const { return kl_sum_; }
  [[nodiscard]] const EvaluationSums& sums() const { return sums_; }

 private:
  // The z of a batch. Those of the whole split are kept only where another sketch will be drawn from them.
  ConstMatrix latents(const sketch::StrokeBatch& batch, double& kl) {
    const LatentPosterior posterior = posterior_of_batch(batch);
    kl = posterior_kl(posterior);
    const Latents z = options_.uses_mean ? posterior.mu : posterior_latents(posterior, options_.seed, batch.indices);
    if (!options_.with_shuffled_z) z_.values.clear();
    z_.values.insert(z_.values.end(), z.values.begin(), z.values.end());
    return {z_.row(z_.count() - z.count()).data(), z.count(), z.z_size};
  }

  LatentPosterior posterior_of_batch(const sketch::StrokeBatch& batch) {
    const std::int64_t columns = 2 * weights_.options.z_size;
    if (options_.passes != nullptr) {
      const std::vector<float> rows = options_.passes->posterior_rows({.strokes = &batch}, columns);
      return posterior_of(ConstMatrix(std::span(rows), batch.batch_size(), columns));
    }
    latent_.resize(batch.batch_size(), columns);
    encoder_->forward(weights_, {.batch = batch}, latent_.view());
    return posterior_of(latent_.view());
  }

  // Sums over the batch, decoded from z [B, Z] with the true points as input.
  EvaluationSums decode(const sketch::StrokeBatch& batch, ConstMatrix z) {
    const std::vector<float> read = decoder_latents(weights_, z);
    if (options_.passes != nullptr) {
      const std::vector<double> sums =
          options_.passes->losses({.strokes = &batch, .loss_steps = options_.max_seq_len},
                                  ConstMatrix(read.data(), z.rows, z.columns), kFiguresOfBatch);
      return {.offset = sums[0], .pen = sums[1], .training_form = sums[2]};
    }
    const sketch::StrokeBatch& rows = rows_.rows_of(batch, options_.max_seq_len);
    decoder_.forward(weights_, {.batch = rows, .z = ConstMatrix(read.data(), z.rows, z.columns)});
    const auto losses_with = [&](const kernels::MixtureDensityTerms& terms) {
      return kernels::mixture_density_loss(decoder_.outputs(), ConstMatrix(rows.targets, rows.rows(), sketch::kStroke5),
                                           1.0F, {}, terms);
    };
    const kernels::MixtureDensityTerms terms = rows_.terms_of(rows);
    const kernels::MixtureDensitySums trained = losses_with(terms);
    const kernels::MixtureDensitySums drawn =
        terms.weights.data == nullptr ? trained : losses_with({.density_floor = terms.density_floor});
    return {.offset = drawn.offset, .pen = drawn.pen_drawing, .training_form = trained.offset + trained.pen};
  }

  const SketchRnnWeights& weights_;
  const EvaluationOptions& options_;
  const BatchSource& source_;
  SketchRnnDecoderPass decoder_;
  LossRows rows_;
  std::optional<SketchRnnEncoderPass> encoder_;  // of a conditional model
  kernels::MatrixBuffer latent_;                 // of a batch: μ and σ̂ [B, 2Z]
  Latents z_;
  std::int64_t n_ = 0;
  double kl_sum_ = 0;
  EvaluationSums sums_;
};

SketchRnnEvaluation evaluate_batches(const SketchRnnWeights& weights, const BatchSource& source,
                                     const EvaluationOptions& options) {
  require(options.max_seq_len > 0, "evaluation: max_seq_len is {}, expected the N_max of the model or its data",
          options.max_seq_len);
  require(!options.with_shuffled_z || !options.among.sum, "evaluation: z is shuffled in one process only");
  SplitEvaluation split(weights, source, options);
  split.run();
  require(split.n() > 0, "evaluation: the split holds no sketch");

  SketchRnnEvaluation result;
  result.n = split.n();
  const double divisor = static_cast<double>(options.max_seq_len) * static_cast<double>(result.n);
  result.offset = split.sums().offset / divisor;
  result.pen = split.sums().pen / divisor;
  result.reconstruction = result.offset + result.pen;
  result.reconstruction_training_form = split.sums().training_form / divisor;
  result.total = result.reconstruction;
  if (!weights.options.conditional) return result;
  result.kl = split.kl() / (static_cast<double>(result.n) * kl_divisor(weights.options));
  result.total += kl_term(weights.options, weights.options.kl_weight, result.kl);
  if (options.with_shuffled_z && result.n > 1) {
    const EvaluationSums other = split.decode_shuffled();
    result.reconstruction_shuffled_z = (other.offset + other.pen) / divisor;
  }
  return result;
}

}  // namespace

SketchRnnEvaluation evaluate(const SketchRnnWeights& weights, std::span<const sketch::StrokeBatch> batches,
                             const EvaluationOptions& options) {
  const BatchSource source{.count = std::ssize(batches),
                           .batch = [=](std::int64_t k) { return batches[static_cast<std::size_t>(k)]; }};
  return evaluate_batches(weights, source, options);
}

SketchRnnEvaluation evaluate(const SketchRnnWeights& weights, const sketch::StrokeDataset& data, Split split,
                             EvaluationOptions options) {
  if (options.max_seq_len == 0) options.max_seq_len = data.max_seq_len();
  if (weights.options.loss_steps == "longest") options.max_seq_len = data.longest(split) + 1;
  require(data.size(split) > 0, "{}: its {} split holds no sketch to evaluate", data.name(),
          kSplitNames[static_cast<std::size_t>(split)]);
  const sketch::EvaluationBatches batches(data, split, options.batch_size, options.most);
  return evaluate_batches(weights, {batches.size(), [&](std::int64_t k) { return batches[k]; }}, options);
}

SketchRnnLayers layer_outputs(const SketchRnnWeights& weights, const sketch::StrokeBatch& batch) {
  const auto values_of = [](ConstMatrix m) { return std::vector<float>(m.data, m.data + m.rows * m.columns); };
  SketchRnnLayers layers;
  const std::int64_t size = batch.batch_size(), z_size = weights.options.z_size;
  std::vector<float> z;
  if (weights.options.conditional) {
    SketchRnnEncoderPass encoder(weights.options);
    kernels::MatrixBuffer latent;
    latent.resize(size, 2 * z_size);
    encoder.forward(weights, {.batch = batch}, latent.view());
    LatentPosterior posterior = posterior_of(latent.view());
    layers.encoder = values_of(encoder.hidden());
    layers.mu = std::move(posterior.mu.values);
    layers.log_variance = std::move(posterior.log_variance.values);
    z = decoder_latents(weights, ConstMatrix(layers.mu, size, z_size));
  }
  SketchRnnDecoderPass decoder(weights.options);
  decoder.forward(weights, {.batch = batch, .z = z.empty() ? ConstMatrix() : ConstMatrix(z.data(), size, z_size)});
  layers.decoder = values_of(decoder.hidden());
  layers.output = values_of(decoder.outputs());
  return layers;
}

Evaluation SketchRnnModel::evaluate(const EvaluationRequest& request) const {
  const auto data = data_set(request.data, request.absolute, request.damaged);
  data.require_sketches(request.split);
  const SketchRnnEvaluation e = models::evaluate(weights_, data, request.split,
                                                 {.max_seq_len = max_seq_len(),
                                                  .seed = request.seed,
                                                  .uses_mean = request.uses_mean,
                                                  .with_shuffled_z = options().conditional,
                                                  .passes = request.passes});
  Evaluation result{.n = e.n,
                    .losses = {{"reconstruction", e.reconstruction},
                               {"kl", e.kl},
                               {"total", e.total},
                               {"reconstruction_training_form", e.reconstruction_training_form},
                               {"offset", e.offset},
                               {"pen", e.pen}}};
  result.notes = data.notes({request.split});
  if (e.reconstruction_shuffled_z) result.losses.push_back({"reconstruction_shuffled_z", *e.reconstruction_shuffled_z});
  require_finite(result.losses);
  return result;
}

}  // namespace limn::models
