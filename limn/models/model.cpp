#include "limn/models/model.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"

namespace limn::models {
namespace {

constexpr const char* kNotFinite = "is not finite; the training diverged, take an earlier checkpoint";

}  // namespace

void Model::need(Ability ability, std::string_view advice) const {
  const std::string why = inability(ability);
  require(why.empty(), "{}: {}; {}", checkpoint().origin, why, advice);
}

void Model::set_precision(std::string_view name) {
  require(std::ranges::find(kPrecisionNames, name) != kPrecisionNames.end(), "precision: {} is none; use {}",
          printable(name), fmt::join(kPrecisionNames, ", "));
  require(name == kPrecisionNames.front() || as_sketch_model() != nullptr,
          "{}: it draws images; the precision is of models that draw strokes, leave it out", checkpoint().origin);
}

const FittedPrior* Model::prior(PriorKind kind) const {
  const Checkpoint& file = checkpoint();
  if (file.prior) {
    need(Ability::kFitPrior, "the prior in the file is of another model");
    require(size_of(*file.prior) == latent_size(), "{}: its prior has {} dimensions, its z has {}", file.origin,
            size_of(*file.prior), latent_size());
  } else if (kind == PriorKind::kFitted) {
    need(Ability::kFitPrior, "use the standard prior");
    fail("{}: has no fitted prior; add it with limn fit-prior, or use the standard prior", file.origin);
  }
  return file.prior && kind != PriorKind::kStandard ? &*file.prior : nullptr;
}

Latents Model::prior_latents(std::int64_t count, std::uint64_t seed, std::uint64_t first_index, PriorKind kind) const {
  Latents z = models::prior_latents(count, latent_size(), seed, first_index);
  if (const FittedPrior* const fitted = prior(kind)) {
    transform(*fitted, z, prior_choices(count, seed, first_index));
    require_finite(z.values, "a latent vector of its prior");
  }
  return z;
}

PriorOfData Model::fit_prior(const PriorRequest&) const {
  need(Ability::kFitPrior, "its new drawings come from N(0, I)");
  fail("{}: its family fits no prior", checkpoint().origin);
}

Drawings Model::read_one(const std::string& reference) const {
  Drawings some = read({reference}, 2);
  require(some.count() == 1, "{}: names more than one drawing where one is wanted; choose one, as in {}#0", reference,
          reference);
  return some;
}

void Model::require_finite(std::span<const float> values, std::string_view what) const {
  if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); }))
    throw NotFinite(fmt::format("{}: {} {}", checkpoint().origin, what, kNotFinite));
}

void Model::require_finite(const Metrics& losses) const {
  for (const auto& [name, value] : losses)
    if (!std::isfinite(value))
      throw NotFinite(fmt::format("{}: the loss {} {}", checkpoint().origin, name, kNotFinite));
}

Drawings Model::complete(const Drawings&, const CompletionOptions&) const {
  need(Ability::kComplete, "use a model that draws strokes");
  return {};
}

image::DrawingSteps Model::steps_from(const Latents&) const {
  need(Ability::kSteps, "use a model that draws step by step");
  return {};
}

image::DrawingSteps Model::steps_redrawing(const Drawings&, const LatentOptions&) const {
  need(Ability::kSteps, "use a model that draws step by step");
  return {};
}

}  // namespace limn::models
