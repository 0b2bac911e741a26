// The models that the studio serves, loaded once and never changed: any number of threads may draw with them.
// A request names a model by an id that is made here from the file's name, and never a file.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "limn/models/image_model.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/serve/hand.hpp"

namespace limn::serve {

struct StudioModel {
  std::string id;    // a-z, 0-9 and -, unique
  std::string name;  // for people
  std::string kind;  // sketch_rnn, vae or draw
  std::int64_t step = 0;
  std::unique_ptr<SketchRnnGenerator> sketch;  // one of these two
  std::unique_ptr<ImageModel> image;

  // Measured at the first call, some 100 ms; the others wait.
  [[nodiscard]] const DrawingHabit& habit() const;

 private:
  mutable std::once_flag measured_;
  mutable DrawingHabit habit_;
};

class StudioModels {
 public:
  // Loads every path: a run directory, a .safetensors file or a Magenta .json model. Throws Error naming the
  // file.
  explicit StudioModels(const std::vector<std::filesystem::path>& paths);

  [[nodiscard]] const std::vector<std::unique_ptr<StudioModel>>& all() const { return models_; }
  // Throws Refusal 404.
  [[nodiscard]] const StudioModel& find(std::string_view id) const;
  // The same, and 409 where the model is of another kind.
  [[nodiscard]] const StudioModel& sketch_model(std::string_view id) const;
  [[nodiscard]] const StudioModel& image_model(std::string_view id) const;

 private:
  std::vector<std::unique_ptr<StudioModel>> models_;
};

// `text` as part of an id: lower case, everything but a-z and 0-9 as -. Never empty.
[[nodiscard]] std::string slug(std::string_view text);

}  // namespace limn::serve
