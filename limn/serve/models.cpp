#include "limn/serve/models.hpp"

#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/serve/http.hpp"

namespace limn::serve {
namespace {

namespace fs = std::filesystem;

// bicycle.gen.json to "bicycle", runs/sheep/ to "sheep", runs/sheep/checkpoints/best.safetensors to "sheep
// best".
std::string name_of(const fs::path& path) {
  fs::path clean = fs::absolute(path).lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();
  std::string name = clean.filename().string();
  for (const std::string_view ending : {".json", ".gen", ".vae", ".full", ".safetensors"})
    if (name.size() > ending.size() && name.ends_with(ending)) name.resize(name.size() - ending.size());
  const fs::path folder = clean.parent_path();
  if (folder.filename() == "checkpoints") name = folder.parent_path().filename().string() + " " + name;
  return printable(name, 60);
}

std::unique_ptr<StudioModel> load(const fs::path& path) {
  auto model = std::make_unique<StudioModel>();
  model->name = name_of(path);
  model->kind = model_kind(path);
  if (model->kind == kSketchRnnModel) {
    model->sketch = std::make_unique<SketchRnnGenerator>(SketchRnnGenerator::load(path));
    model->step = model->sketch->checkpoint().step;
  } else {
    model->image = load_image_model(path);
    model->step = model->image->checkpoint().step;
  }
  return model;
}

}  // namespace

std::string slug(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const char low = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    const bool is_kept = (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9');
    if (is_kept)
      result += low;
    else if (!result.empty() && result.back() != '-')
      result += '-';
  }
  while (result.ends_with('-')) result.pop_back();
  return result.empty() ? "model" : result;
}

const DrawingHabit& StudioModel::habit() const {
  std::call_once(measured_, [this] { habit_ = measure_habit(*sketch); });
  return habit_;
}

StudioModels::StudioModels(const std::vector<fs::path>& paths) {
  for (const auto& path : paths) {
    auto model = load(path);
    const std::string base = slug(model->name);
    const auto is_taken = [&](const std::string& id) {
      return std::ranges::any_of(models_, [&](const auto& other) { return other->id == id; });
    };
    model->id = base;
    for (int i = 2; is_taken(model->id); ++i) model->id = fmt::format("{}-{}", base, i);
    models_.push_back(std::move(model));
  }
}

const StudioModel& StudioModels::find(std::string_view id) const {
  const auto found = std::ranges::find_if(models_, [&](const auto& model) { return model->id == id; });
  if (found == models_.end())
    throw Refusal(404, "there is no such model; GET /api/studio lists those there are");
  return **found;
}

const StudioModel& StudioModels::sketch_model(std::string_view id) const {
  const StudioModel& model = find(id);
  if (!model.sketch) throw Refusal(409, fmt::format("{} draws images, not strokes", model.name));
  return model;
}

const StudioModel& StudioModels::image_model(std::string_view id) const {
  const StudioModel& model = find(id);
  if (!model.image) throw Refusal(409, fmt::format("{} draws strokes, not images", model.name));
  return model;
}

}  // namespace limn::serve
