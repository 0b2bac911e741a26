#include "limn/serve/studio_models.hpp"

#include <algorithm>

#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/models/registry.hpp"
#include "limn/serve/http.hpp"

namespace limn::serve {
namespace {

namespace fs = std::filesystem;

// builtin:doodles to "doodles", bicycle.gen.json to "bicycle", runs/sheep/ to "sheep",
// runs/sheep/checkpoints/best.safetensors to "sheep best".
std::string name_of(const fs::path& path) {
  if (is_builtin(path.native())) return path.string().substr(path.string().find(':') + 1);
  fs::path clean = fs::absolute(path).lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();
  std::string name = clean.filename().string();
  for (const std::string_view ending : {".gz", ".json", ".js", ".mjs", ".gen", ".vae", ".full", ".safetensors"})
    if (name.size() > ending.size() && name.ends_with(ending)) name.resize(name.size() - ending.size());
  const fs::path folder = clean.parent_path();
  if (folder.filename() == "checkpoints") name = folder.parent_path().filename().string() + " " + name;
  return printable(name, 60);
}

}  // namespace

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

StudioModels::StudioModels(const models::Registry& registry, const std::vector<fs::path>& paths) {
  for (const auto& path : paths) {
    const std::string name = name_of(path), base = slug(name);
    std::string id = base;
    for (int i = 2; has(id); ++i) id = fmt::format("{}-{}", base, i);
    models_.push_back(std::make_unique<StudioModel>(id, name, registry.load(path)));
  }
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
