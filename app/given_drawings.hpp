// Drawings that the command line gives to a model, and --scale: whether they are brought to the size that the model
// knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "limn/models/own_drawing.hpp"

namespace limn::app {

enum class GivenScale { kUsual, kFit, kKeep };  // kUsual: data sets and training data are kept, others are fitted
void add_scale(const Command& command, GivenScale& scale);

struct GivenDrawings {
  models::Drawings originals;                         // as their files hold them, or as training reads them
  models::Drawings drawings;                          // in the units of the model's data
  std::vector<std::optional<models::PaperMap>> maps;  // from the latter to the former, of those that were fitted
};

struct GivenRequest {
  std::vector<std::string> references = {};
  std::int64_t limit = 1;
  GivenScale scale = GivenScale::kUsual;
  std::size_t points = 0;     // of each, the first so many; 0: all
  bool is_one_each = false;   // a reference that names several drawings is an error
  bool is_continued = false;  // as models::fitted_beginning(); leaves a quarter of the model's points for what it adds
};
// Prints a note where a drawing is fitted unasked, and where a data set is far from the model's size. Throws Error for
// --scale of a model that draws images.
[[nodiscard]] GivenDrawings read_given(const models::Model& model, const GivenRequest& request);

}  // namespace limn::app
