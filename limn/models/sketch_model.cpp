#include "limn/models/sketch_model.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/models/endings.hpp"
#include "limn/sketch/dataset.hpp"
#include "limn/sketch/sketch_file.hpp"

namespace limn::models {
namespace {

// Drawings whose means are in memory at once.
constexpr std::size_t kEncodedAtOnce = 256;
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

double SketchModel::simplify() const {
  sketch::StrokeDataOptions options;
  auto known = fields(options);
  std::erase_if(known, [](const OptionField& field) { return field.name != "simplify"; });
  options_from_json(known, checkpoint().training_config, checkpoint().origin, UnknownNames::kPassedOver);
  return options.simplify;
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

Drawings SketchModel::read(const std::vector<std::string>& references, std::int64_t limit) const {
  Drawings all;
  for (const auto& text : references) {
    if (all.count() == limit) return all;
    // A few drawings to look at: files that cannot be read are left out, which a note says.
    const sketch::SketchReadOptions options{.max_sketches = limit - all.count(),
                                            .damaged = "skip",
                                            .note = [&all](const std::string& note) { all.notes.push_back(note); }};
    for (auto& sketch : sketch::read_sketches(sketch::parse_sketch_reference(text), options)) {
      require(!sketch.points.empty(), "{}: holds a sketch without points; choose another with FILE#N", text);
      all.sketches.push_back(std::move(sketch));
      all.labels.push_back(text);
    }
  }
  return all;
}

Drawings SketchModel::draw(std::int64_t count, const DrawingOptions& options) const {
  std::vector<Drawing> drawings = draw_new(*this, count, choice_of(options), options.seed, 0, options.prior);
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
      const std::uint64_t number = i + attempt * kNumbersOfAnAttempt;
      z.push_back(is_conditional() ? prior_latents(1, options.seed, number, options.prior) : Latents());
      requests.push_back({.z = z.back().row(0), .choice = choice_of(options), .seed = options.seed, .index = number});
    }
    std::vector<Drawing> others = draw(requests);
    for (std::size_t k = 0; k < blank.size(); ++k) drawings[blank[k]] = std::move(others[k]);
  }
}

Drawings SketchModel::draw_latents(const Latents& z, const DrawingOptions& options) const {
  need(Ability::kDecode, "try limn sample");
  return in_data_units(models::draw_latents(*this, z, choice_of(options), options.seed));
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

sketch::StrokeDataset SketchModel::data_set(std::span<const std::string> data, const std::string& absolute,
                                            const std::string& damaged) const {
  sketch::StrokeDataOptions options;
  options.max_seq_len = max_seq_len();
  options.simplify = simplify();
  if (!damaged.empty()) options.damaged = damaged;
  options.absolute = absolute;
  return sketch::StrokeDataset::load(data, options, scale_factor());
}

PriorOfData SketchModel::fit_prior(const PriorRequest& request) const {
  need(Ability::kFitPrior, "its new drawings need no prior");
  const auto data = data_set(request.data, request.absolute, request.damaged);
  data.require_sketches(Split::kTrain);
  return {.prior = models::fit_prior(*this, data),
          .n = std::min(data.size(Split::kTrain), kMostFittedExamples),
          .notes = data.notes({Split::kTrain})};
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

FittedPrior fit_prior(const SketchModel& model, const sketch::StrokeDataset& data) {
  const auto numbers = fitted_examples(data.size(Split::kTrain));
  std::vector<std::uint32_t> order(numbers.begin(), numbers.end());
  data.sort_longest_first(Split::kTrain, order);  // batches of like lengths take the least time
  PriorFit fit(model.latent_size());
  std::vector<sketch::Sketch> some;
  for (const std::uint32_t number : order) {
    some.push_back(data.sketch(Split::kTrain, number));
    if (some.size() < kEncodedAtOnce && number != order.back()) continue;
    fit.add(model.encode(some).mu);
    some.clear();
  }
  return fit.result();
}

std::vector<Drawing> reconstruct(const SketchModel& model, std::span<const sketch::Sketch> sketches,
                                 const ReconstructionOptions& options) {
  const LatentPosterior posterior = model.encode(sketches);
  return draw_latents(model, options.uses_mean ? posterior.mu : posterior_latents(posterior, options.seed),
                      options.choice, options.seed);
}

}  // namespace limn::models
