#include "limn/models/endings.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "limn/core/random.hpp"

namespace limn::models {
namespace {

// Latent vectors that are weighed: draws from the prior and from the encoder's posterior.
constexpr std::int64_t kFromPrior = 512, kFromEncoder = 64;
// The weight is flattened until that of so many vectors counts: a few hundred of them in a hundred dimensions would
// leave one alone, and all endings would be its drawing.
constexpr double kFewestEffective = 3;

Latents draws_of(const LatentPosterior& posterior, std::int64_t count, std::uint64_t seed) {
  Latents z(count, posterior.mu.z_size);
  for (std::int64_t i = 0; i < count; ++i)
    std::ranges::copy(posterior_latents(posterior, seed, std::span(&i, 1)).values, z.row(i).begin());
  return z;
}

// exp(β (log_weight - the largest)).
std::vector<double> tempered(const std::vector<double>& log_weights, double beta) {
  const double largest = *std::ranges::max_element(log_weights);
  std::vector<double> weights;
  weights.reserve(log_weights.size());
  for (const double log_weight : log_weights) weights.push_back(std::exp(beta * (log_weight - largest)));
  return weights;
}

// Kish's effective number: (Σ w)² / Σ w².
double effective_number(const std::vector<double>& weights) {
  double sum = 0, squares = 0;
  for (const double w : weights) {
    sum += w;
    squares += w * w;
  }
  return sum * sum / squares;
}

// Weights with the largest β in [0, 1] that leaves enough vectors. Their effective number falls as β grows.
std::vector<double> tempered(const std::vector<double>& log_weights) {
  std::vector<double> weights = tempered(log_weights, 1);
  if (effective_number(weights) >= kFewestEffective) return weights;
  double low = 0, high = 1;
  for (int i = 0; i < 40; ++i) {
    const double middle = (low + high) / 2;
    (effective_number(tempered(log_weights, middle)) >= kFewestEffective ? low : high) = middle;
  }
  return tempered(log_weights, low);
}

// Most candidates explain a drawing badly from its first points on: leaving them takes half of the time away. Few go
// early, since a hand may begin otherwise than the data do (docs/papers/sketch-rnn.md#completion).
constexpr std::array kRounds{WeighingRound{.points = 4, .kept = 256}, WeighingRound{.points = 8, .kept = 128},
                             WeighingRound{.points = 16, .kept = 64}};

struct Candidates {
  Latents z;
  WeighedLatents weighed;  // log p(z) p(given | z) / ν(z), where ν is the mixture that they are drawn from
};

Candidates candidates_for(const SketchModel& model, const sketch::Sketch& given, const FittedPrior& prior,
                          const LatentPosterior& posterior, const EndingOptions& options) {
  Candidates all{.z = model.prior_latents(kFromPrior, options.seed, 0, options.prior), .weighed = {}};
  const Latents encoded = draws_of(posterior, kFromEncoder, options.seed);
  all.z.values.insert(all.z.values.end(), encoded.values.begin(), encoded.values.end());
  const std::vector<double> p = log_density(prior, all.z), q = log_density(posterior, all.z);
  constexpr double kCount = kFromPrior + kFromEncoder;
  std::vector<double> log_weights;
  for (std::size_t k = 0; k < p.size(); ++k) {
    const double larger = std::max(p[k], q[k]);
    const double proposal =
        larger + std::log((kFromPrior * std::exp(p[k] - larger) + kFromEncoder * std::exp(q[k] - larger)) / kCount);
    log_weights.push_back(p[k] - proposal);
  }
  all.weighed = model.weigh(given, all.z, log_weights, kRounds);
  return all;
}

}  // namespace

Latents ending_latents(const SketchModel& model, const sketch::Sketch& given, const EndingOptions& options) {
  if (options.uses_prior || given.points.empty() || !model.can(Ability::kEncode))
    return model.prior_latents(options.count, options.seed, 0, options.prior);
  const LatentPosterior posterior = model.encode(std::span(&given, 1));
  const FittedPrior* const prior = model.prior(options.prior);
  if (prior == nullptr) return draws_of(posterior, options.count, options.seed);
  const Candidates candidates = candidates_for(model, given, *prior, posterior, options);
  std::vector<double> cumulated = tempered(candidates.weighed.log_weights);
  for (std::size_t k = 1; k < cumulated.size(); ++k) cumulated[k] += cumulated[k - 1];
  Latents z(options.count, model.latent_size());
  for (std::int64_t i = 0; i < options.count; ++i) {
    // Draws of the posterior are those of 0.
    RandomStream random(options.seed, Purpose::kLatentEvaluation, 2, static_cast<std::uint64_t>(i));
    const auto above = std::ranges::upper_bound(cumulated, random.uniform() * cumulated.back());
    const auto place = std::min(above - cumulated.begin(), std::ssize(cumulated) - 1);
    std::ranges::copy(candidates.z.row(candidates.weighed.rows[static_cast<std::size_t>(place)]), z.row(i).begin());
  }
  return z;
}

}  // namespace limn::models
