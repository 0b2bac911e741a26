#include "limn/serve/studio_models.hpp"

#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/serve/http.hpp"

namespace limn::serve {

std::string slug(std::string_view text) {
  std::string result;
  for (const char c : lower_case(text)) {
    const bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (is_kept)
      result += c;
    else if (!result.empty() && result.back() != '-')
      result += '-';
  }
  while (result.ends_with('-')) result.pop_back();
  return result.empty() ? "model" : result;
}

const models::SketchModel& StudioModel::sketch_model() const {
  const models::SketchModel* sketches = model_->as_sketch_model();
  if (sketches == nullptr) throw Refusal(409, fmt::format("{} draws images, not strokes", name_));
  return *sketches;
}

const models::ImageModel& StudioModel::image_model() const {
  const models::ImageModel* images = model_->as_image_model();
  if (images == nullptr) throw Refusal(409, fmt::format("{} draws strokes, not images", name_));
  return *images;
}

void StudioModel::need(models::Ability ability) const {
  const std::string why = model_->inability(ability);
  if (!why.empty()) throw Refusal(409, fmt::format("{} cannot do this: {}", name_, why));
}

const models::TypicalDrawing& StudioModel::typical_drawing() const {
  std::call_once(measured_, [this] { typical_drawing_ = models::measure_typical_drawing(sketch_model()); });
  return typical_drawing_;
}

void StudioModels::add(const std::string& id, const std::string& name, std::unique_ptr<models::Model> model) {
  models_.push_back(std::make_unique<StudioModel>(id, name, std::move(model)));
}

bool StudioModels::has(std::string_view id) const {
  return std::ranges::any_of(models_, [&](const auto& model) { return model->id() == id; });
}

const StudioModel& StudioModels::find(std::string_view id) const {
  const auto found = std::ranges::find_if(models_, [&](const auto& model) { return model->id() == id; });
  if (found == models_.end()) throw Refusal(404, "the model does not exist; GET /api/studio lists all models");
  return **found;
}

}  // namespace limn::serve
