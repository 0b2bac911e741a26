#include "limn/models/image_model.hpp"

#include "limn/core/error.hpp"
#include "limn/core/json.hpp"

namespace limn::models {
image::ImageDataOptions training_data_options(const Checkpoint& checkpoint) {
  const Json training = parse_json(checkpoint.training_config);
  require(training.is_object(), "{}: its training_config is not a JSON object; the file is damaged", checkpoint.origin);
  image::ImageDataOptions options;
  const auto known = fields(options);
  Json ours = Json::object();
  for (const auto& field : known)
    if (const auto found = training.find(field.name); found != training.end()) ours[field.name] = *found;
  options_from_json(known, json_text(ours), checkpoint.origin);
  return options;
}

std::vector<std::pair<std::string, std::string>> ImageModel::facts() const {
  return {{"image", json_text(Json(fmt::format("{}x{}x{}", shape().channels, shape().height, shape().width)))},
          {"latent_size", std::to_string(latent_size())}};
}

std::string ImageModel::inability(Ability ability) const {
  switch (ability) {
    case Ability::kEncode:
    case Ability::kDecode:
    case Ability::kImportanceSamples:
      return "";
    case Ability::kComplete:
      return "it draws images, and only strokes can be continued";
    case Ability::kTemperature:
      return "it draws images, which have no temperature: an image follows from z alone";
    case Ability::kSteps:
      return "it draws an image at once, not step by step";
    case Ability::kEvaluateMean:
      return has_posterior_mean() ? "" : "the mean of its z depends on its own draws";
    case Ability::kFitPrior:
      return has_posterior_mean() ? prior_inability(latent_size()) : inability(Ability::kEvaluateMean);
  }
  return "it cannot do that";
}

Drawings ImageModel::draw(std::int64_t count, const DrawingOptions& options) const {
  return draw_latents(prior_latents(count, options.seed, options.first, options.prior), options);
}

Drawings ImageModel::draw_latents(const Latents& z, const DrawingOptions&) const {
  Drawings drawings{.content = Content::kImages, .shape = shape(), .pixels = decode(z)};
  require_finite(drawings.pixels, "an image that it draws");
  return drawings;
}

Latents ImageModel::latents_of(const Drawings& drawings, const LatentOptions& options) const {
  Latents z = encode(drawings.pixels, {.uses_mean = options.uses_mean, .seed = options.seed});
  require_finite(z.values, "a latent vector");
  return z;
}

}  // namespace limn::models
