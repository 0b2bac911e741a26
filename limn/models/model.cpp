#include "limn/models/model.hpp"

#include "limn/core/error.hpp"

namespace limn::models {

void Model::need(Ability ability, std::string_view advice) const {
  const std::string why = inability(ability);
  require(why.empty(), "{}: {}; {}", checkpoint().origin, why, advice);
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
