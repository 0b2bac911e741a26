// The part of a model of images that reads files: the pictures that commands name, and data sets to evaluate on and to
// fit a prior to.
#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/models/image_model.hpp"

namespace limn::models {
namespace {

constexpr std::int64_t kEncodedAtOnce = 100;

// Throws Error unless the model draws images of the data's shape.
void require_shape(const ImageModel& model, const image::ImageDataset& data) {
  require(data.shape() == model.shape(), "{}: its images are {}, the model draws {}", data.name(),
          image::text(data.shape()), image::text(model.shape()));
}

// Means and variances over images of the posterior mean's dimensions, image after image (Welford 1962).
class RunningVariance {
 public:
  void add(std::span<const double> values) {
    mean_.resize(values.size());
    squares_.resize(values.size());
    ++count_;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double difference = values[i] - mean_[i];
      mean_[i] += difference / static_cast<double>(count_);
      squares_[i] += difference * (values[i] - mean_[i]);
    }
  }
  [[nodiscard]] std::int64_t above(double threshold) const {
    return std::ranges::count_if(squares_, [&](double s) { return s / static_cast<double>(count_) > threshold; });
  }

 private:
  std::int64_t count_ = 0;
  std::vector<double> mean_, squares_;
};

constexpr double kActiveVariance = 0.01;  // Burda et al. 2015, §5.1

// Σ over the images of −log (1/K Σ_k w_k) (Burda et al. 2015, eq. 8), the sum over k as a running log-sum-exp.
double importance_weighted_sum(const ImageModel& model, std::span<const float> pixels,
                               const ImageModel::EncodeOptions& encoding, std::int64_t samples) {
  std::vector<double> largest(encoding.indices.size(), -INFINITY), sum(encoding.indices.size(), 0.0);
  for (std::int64_t k = 0; k < samples; ++k) {
    const std::vector<double> log_weights = model.log_weights(pixels, encoding, k);
    for (std::size_t i = 0; i < sum.size(); ++i) {
      const double top = std::max(largest[i], log_weights[i]);
      sum[i] = sum[i] * std::exp(largest[i] - top) + std::exp(log_weights[i] - top);
      largest[i] = top;
    }
  }
  double total = 0;
  for (std::size_t i = 0; i < sum.size(); ++i)
    total -= largest[i] + std::log(sum[i]) - std::log(static_cast<double>(samples));
  return total;
}

}  // namespace

Drawings ImageModel::read(const std::vector<std::string>& references, std::int64_t limit) const {
  image::ImageDataOptions options = data_options();
  // Pictures of any size come as the model's, unless its training cut or scaled them in a way of its own.
  if (options.image_size == 0 && options.center_crop == 0 && shape().height == shape().width)
    options.image_size = shape().height;
  Drawings all{.content = Content::kImages, .shape = shape()};
  for (const auto& reference : references) {
    if (all.count() == limit) break;
    image::NamedImages some = image::read_images(reference, shape(), options, limit - all.count());
    std::ranges::copy(some.pixels, std::back_inserter(all.pixels));
    std::ranges::move(some.labels, std::back_inserter(all.labels));
  }
  return all;
}

image::ImageDataset ImageModel::data_set(std::span<const std::string> data, const std::string& damaged) const {
  image::ImageDataOptions options = data_options();
  if (!damaged.empty()) options.damaged = damaged;
  return image::ImageDataset::load(data, options);
}

PriorOfData ImageModel::fit_prior(const PriorRequest& request) const {
  need(Ability::kFitPrior, "its new drawings come from N(0, I)");
  const auto data = data_set(request.data, request.damaged);
  PriorOfData result{.prior = models::fit_prior(*this, data),
                     .n = std::min(data.size(Split::kTrain), kMostFittedExamples)};
  for (const std::string& file : data.skipped()) result.notes.push_back("left out: " + file);
  return result;
}

Evaluation ImageModel::evaluate(const EvaluationRequest& request) const {
  const auto data = data_set(request.data, request.damaged);
  const ImageEvaluation e = models::evaluate(*this, data, request.split,
                                             {.samples = request.samples,
                                              .importance_samples = request.importance_samples,
                                              .seed = request.seed,
                                              .uses_mean = request.uses_mean,
                                              .passes = request.passes});
  Evaluation result{
      .n = e.n, .losses = {{"reconstruction", e.reconstruction}, {"kl", e.kl}, {"total", e.total}, {"nats", e.total}}};
  if (e.importance_samples > 0) result.losses.push_back({"importance_weighted", e.importance_weighted});
  for (const std::string& file : data.skipped()) result.notes.push_back("left out: " + file);
  if (e.active_units >= 0) result.counts.emplace_back("active_units", e.active_units);
  if (e.importance_samples > 0) result.counts.emplace_back("importance_samples", e.importance_samples);
  require_finite(result.losses);
  return result;
}

FittedPrior fit_prior(const ImageModel& model, const image::ImageDataset& data) {
  require_shape(model, data);
  const auto numbers = fitted_examples(data.size(Split::kTrain));
  require(!numbers.empty(), "{}: its train split holds no image to fit a prior to", data.name());
  PriorFit fit(model.latent_size());
  for (std::size_t first = 0; first < numbers.size(); first += kEncodedAtOnce) {
    const auto some = std::span(numbers).subspan(first, std::min<std::size_t>(kEncodedAtOnce, numbers.size() - first));
    const Drawings drawings{
        .content = Content::kImages, .shape = data.shape(), .pixels = data.batch(Split::kTrain, some).pixels};
    fit.add(model.latents_of(drawings, {.uses_mean = true}));
  }
  return fit.result();
}

ImageEvaluation evaluate(const ImageModel& model, const image::ImageDataset& data, Split split,
                         const ImageEvaluationOptions& options) {
  require_shape(model, data);
  ImageEvaluation result{.n = data.size(split), .importance_samples = options.importance_samples};
  if (options.max_images > 0) result.n = std::min(result.n, options.max_images);
  require(result.n > 0, "{}: its {} split holds no image to evaluate", data.name(),
          kSplitNames[static_cast<std::size_t>(split)]);
  const bool has_means = model.has_posterior_mean();
  const std::int64_t z_size = has_means ? model.latent_size() : 0, columns = 2 + z_size;
  RunningVariance means;
  // Of a batch: its sum of importance-weighted estimates, then a row for each image: both losses and the mean of z.
  const auto compute = [&](std::int64_t k) {
    const std::int64_t first = k * options.batch_size;
    const image::ImageBatch batch = data.batch(split, first, std::min(options.batch_size, result.n - first));
    const ImageModel::EncodeOptions encoding{
        .uses_mean = options.uses_mean, .seed = options.seed, .indices = batch.indices, .passes = options.passes};
    const ImageLosses losses = model.losses(batch.pixels, encoding, options.samples);
    const Latents mu =
        has_means ? model.encode(batch.pixels, {.uses_mean = true, .passes = options.passes}) : Latents();
    std::vector<double> figures{0.0};
    for (std::int64_t i = 0; i < batch.batch_size(); ++i) {
      figures.push_back(losses.reconstruction[static_cast<std::size_t>(i)]);
      figures.push_back(losses.kl[static_cast<std::size_t>(i)]);
      if (has_means) std::ranges::copy(mu.row(i), std::back_inserter(figures));
    }
    if (options.importance_samples > 0)
      figures[0] = importance_weighted_sum(model, batch.pixels, encoding, options.importance_samples);
    return figures;
  };
  const auto add = [&](std::span<const double> figures) {
    result.importance_weighted += figures[0];
    for (auto rows = figures.subspan(1); !rows.empty(); rows = rows.subspan(static_cast<std::size_t>(columns))) {
      result.reconstruction += rows[0];
      result.kl += rows[1];
      if (has_means) means.add(rows.subspan(2, static_cast<std::size_t>(z_size)));
    }
  };
  share_work({.pieces = (result.n + options.batch_size - 1) / options.batch_size,
              .most_figures = 1 + options.batch_size * columns,
              .compute = compute,
              .add = add},
             options.among);
  const auto n = static_cast<double>(result.n);
  result.reconstruction /= n;
  result.kl /= n;
  result.importance_weighted /= n;
  result.total = result.reconstruction + result.kl;
  if (has_means) result.active_units = means.above(kActiveVariance);
  return result;
}

}  // namespace limn::models
