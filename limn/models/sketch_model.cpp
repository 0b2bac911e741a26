#include "limn/models/sketch_model.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/models/endings.hpp"

namespace limn::models {
namespace {

// Attempt a for drawing i has the number i + a · kNumbersOfAnAttempt: those of all attempts are below 2^32.
constexpr std::uint64_t kNumbersOfAnAttempt = std::uint64_t{1} << 25;
static_assert((kMostBlankAttempts + 1) * kNumbersOfAnAttempt <= std::uint64_t{1} << 32);

bool is_finite(const sketch::Sketch& sketch) {
  return std::ranges::all_of(sketch.points,
                             [](const sketch::StrokePoint& p) { return std::isfinite(p.dx) && std::isfinite(p.dy); });
}

PointChoice choice_of(const DrawingOptions& options) {
  return {.temperature = static_cast<float>(options.temperature),
          .is_greedy = options.is_greedy,
          .sigma_temperature = options.sigma_temperature};
}

}  // namespace

WeighedLatents SketchModel::weigh(const sketch::Sketch& beginning, const Latents& z,
                                  std::span<const double> log_weights, std::span<const WeighingRound> rounds) const {
  const Beginning one{.points = beginning.points};
  return weigh(std::span(&one, 1), z, log_weights, rounds);
}

std::vector<double> SketchModel::log_likelihoods(const sketch::Sketch& beginning, const Latents& z) const {
  return weigh(beginning, z, std::vector<double>(static_cast<std::size_t>(z.count())), {}).log_weights;
}

sketch::Sketch SketchModel::normalised(const sketch::Sketch& sketch) const {
  return sketch::scaled(sketch, 1 / scale_factor(), 1 / scale_factor());
}

std::vector<sketch::Sketch> SketchModel::normalised(const Drawings& given) const {
  std::vector<sketch::Sketch> all;
  for (std::size_t i = 0; i < given.sketches.size(); ++i) {
    all.push_back(normalised(given.sketches[i]));
    require(is_finite(all.back()), "{}: an offset is too large for the model, which divides by {}",
            i < given.labels.size() ? given.labels[i] : fmt::format("sketch {}", i), scale_factor());
  }
  return all;
}

sketch::Sketch SketchModel::in_data_units(const sketch::Sketch& sketch) const {
  return sketch::scaled(sketch, scale_factor(), scale_factor());
}

Drawings SketchModel::in_data_units(std::span<const Drawing> drawings) const {
  Drawings all;
  for (const Drawing& drawing : drawings) {
    all.sketches.push_back(in_data_units(drawing.sketch));
    if (!drawing.is_finished) ++all.cut_short;
    require(is_finite(all.sketches.back()),
            "{}: an offset that it draws is not finite; the training diverged, take an earlier checkpoint",
            checkpoint().origin);
  }
  return all;
}

Drawings SketchModel::draw(std::int64_t count, const DrawingOptions& options) const {
  std::vector<Drawing> drawings =
      draw_new(*this, count, choice_of(options), options.seed, options.first, options.prior);
  if (options.skips_blank) replace_blank(drawings, options);
  return in_data_units(drawings);
}

void SketchModel::replace_blank(std::vector<Drawing>& drawings, const DrawingOptions& options) const {
  for (std::uint64_t attempt = 1;; ++attempt) {
    std::vector<std::size_t> blank;
    for (std::size_t i = 0; i < drawings.size(); ++i)
      if (sketch::is_blank(drawings[i].sketch)) blank.push_back(i);
    if (blank.empty()) return;
    require(attempt <= kMostBlankAttempts,
            "{}: {} of {} drawings are blank, also after {} other attempts at each; train the model longer, or try "
            "another temperature or prior",
            checkpoint().origin, blank.size(), drawings.size(), kMostBlankAttempts);
    std::vector<Latents> z;
    std::vector<DrawRequest> requests;
    z.reserve(blank.size());
    for (const std::size_t i : blank) {
      const std::uint64_t number = options.first + i + attempt * kNumbersOfAnAttempt;
      z.push_back(is_conditional() ? prior_latents(1, options.seed, number, options.prior) : Latents());
      requests.push_back({.z = z.back().row(0), .choice = choice_of(options), .seed = options.seed, .index = number});
    }
    std::vector<Drawing> others = draw(requests);
    for (std::size_t k = 0; k < blank.size(); ++k) drawings[blank[k]] = std::move(others[k]);
  }
}

Drawings SketchModel::draw_latents(const Latents& z, const DrawingOptions& options) const {
  need(Ability::kDecode, "try limn sample");
  return in_data_units(models::draw_latents(*this, z, choice_of(options), options.seed, options.first));
}

Latents SketchModel::latents_of(const Drawings& drawings, const LatentOptions& options) const {
  need(Ability::kEncode, "try limn sample or limn complete");
  const LatentPosterior posterior = encode(normalised(drawings));
  Latents z = options.uses_mean ? posterior.mu : posterior_latents(posterior, options.seed);
  require_finite(z.values, "a latent vector");
  return z;
}

Drawings SketchModel::complete(const Drawings& beginning, const CompletionOptions& options) const {
  require(beginning.sketches.size() == 1, "completing: {} beginnings, expected one", beginning.sketches.size());
  const sketch::Sketch given = normalised(beginning).front();
  const Latents z = ending_latents(*this, given,
                                   {.count = options.count,
                                    .uses_prior = options.uses_prior,
                                    .prior = options.drawing.prior,
                                    .seed = options.drawing.seed});
  require_finite(z.values, "a latent vector");
  std::vector<DrawRequest> requests;
  for (std::int64_t i = 0; i < options.count; ++i)
    requests.push_back({.z = z.row(i),
                        .prefix = given.points,
                        .choice = choice_of(options.drawing),
                        .seed = options.drawing.seed,
                        .index = static_cast<std::uint64_t>(i)});
  return in_data_units(draw(requests));
}

std::vector<Drawing> draw_latents(const SketchModel& model, const Latents& z, const PointChoice& choice,
                                  std::uint64_t seed, std::uint64_t first_index) {
  std::vector<DrawRequest> requests;
  for (std::int64_t i = 0; i < z.count(); ++i)
    requests.push_back(
        {.z = z.row(i), .choice = choice, .seed = seed, .index = first_index + static_cast<std::uint64_t>(i)});
  return model.draw(requests);
}

std::vector<Drawing> draw_new(const SketchModel& model, std::int64_t count, const PointChoice& choice,
                              std::uint64_t seed, std::uint64_t first_index, PriorKind prior) {
  if (model.is_conditional())
    return draw_latents(model, model.prior_latents(count, seed, first_index, prior), choice, seed, first_index);
  (void)model.prior(prior);  // an error where it is asked for
  std::vector<DrawRequest> requests(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < requests.size(); ++i)
    requests[i] = {.choice = choice, .seed = seed, .index = first_index + i};
  return model.draw(requests);
}

std::vector<Drawing> reconstruct(const SketchModel& model, std::span<const sketch::Sketch> sketches,
                                 const ReconstructionOptions& options) {
  const LatentPosterior posterior = model.encode(sketches);
  return draw_latents(model, options.uses_mean ? posterior.mu : posterior_latents(posterior, options.seed),
                      options.choice, options.seed);
}

}  // namespace limn::models
