// The models that the studio serves, loaded once and never changed: any number of threads may draw with them. A request
// names a model by its id, and never a file. The studio asks a model what it can do; it knows no family.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "limn/models/image_model.hpp"
#include "limn/models/paper.hpp"
#include "limn/models/sketch_model.hpp"

namespace limn::serve {

class StudioModel {
 public:
  StudioModel(std::string id, std::string name, std::unique_ptr<models::Model> model)
      : id_(std::move(id)), name_(std::move(name)), model_(std::move(model)) {}

  [[nodiscard]] const std::string& id() const { return id_; }      // a-z, 0-9 and -, unique
  [[nodiscard]] const std::string& name() const { return name_; }  // for people
  [[nodiscard]] const models::Model& model() const { return *model_; }
  // The model as one that draws strokes, or images. Throws Refusal 409 where it draws the other.
  [[nodiscard]] const models::SketchModel& sketch_model() const;
  [[nodiscard]] const models::ImageModel& image_model() const;
  // Throws Refusal 409 with the model's own reason where it cannot do it.
  void need(models::Ability ability) const;

  // For a model that draws strokes. Measured at the first call, some 100 ms; the others wait.
  [[nodiscard]] const models::TypicalDrawing& typical_drawing() const;

 private:
  const std::string id_, name_;
  const std::unique_ptr<models::Model> model_;
  mutable std::once_flag measured_;
  mutable models::TypicalDrawing typical_drawing_;
};

class StudioModels {
 public:
  // The id must be new.
  void add(const std::string& id, const std::string& name, std::unique_ptr<models::Model> model);

  [[nodiscard]] const std::vector<std::unique_ptr<StudioModel>>& all() const { return models_; }
  // Throws Refusal 404.
  [[nodiscard]] const StudioModel& find(std::string_view id) const;
  [[nodiscard]] bool has(std::string_view id) const;

 private:
  std::vector<std::unique_ptr<StudioModel>> models_;
};

// `text` as part of an id: lower case, everything but a-z and 0-9 as -. Never empty.
[[nodiscard]] std::string slug(std::string_view text);

}  // namespace limn::serve
