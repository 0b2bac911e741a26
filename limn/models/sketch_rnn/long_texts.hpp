// JSON without its long texts. A Magenta model is a few texts of base64, megabytes long, which a parser of JSON goes
// through byte by byte and copies. They are taken out before, and a short text stands in the place of each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace limn::models {

// Owns the JSON that is left and looks into the whole one, which must outlive it.
class LongTexts {
 public:
  explicit LongTexts(std::string_view json);

  // For a parser: valid if and only if the whole JSON is.
  [[nodiscard]] const std::string& json() const { return json_; }
  // The text that one of json() stands for: a long one, or itself.
  [[nodiscard]] std::string_view text(std::string_view parsed) const;

 private:
  std::string json_;
  std::vector<std::string_view> texts_;
};

}  // namespace limn::models
