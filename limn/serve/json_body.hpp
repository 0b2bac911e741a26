// The JSON of a request, read with bounds and with errors that say where. Every reader throws Refusal 400
// with a path such as "strokes[2][0]".
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limn/serve/http.hpp"
#include "limn/serve/limits.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::serve {

// Throws Refusal 400: not JSON ("line 3, column 7"), nested deeper than drawings are, or no object.
[[nodiscard]] nlohmann::json parse_body(std::string_view body);

// One object of the request and the place where it stands.
class JsonObject {
 public:
  // Throws Refusal 400 for a member that is none of `known`, suggesting the nearest.
  JsonObject(const nlohmann::json& object, std::string path, std::initializer_list<std::string_view> known);

  [[nodiscard]] bool has(std::string_view name) const { return object_.contains(name); }
  // Of a member that may be absent. Numbers must be finite and in [low, high].
  [[nodiscard]] double number(std::string_view name, double low, double high,
                              std::optional<double> otherwise = {}) const;
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t low, std::int64_t high,
                                     std::optional<std::int64_t> otherwise = {}) const;
  [[nodiscard]] bool truth(std::string_view name, bool otherwise) const;
  [[nodiscard]] std::string choice(std::string_view name, std::initializer_list<std::string_view> choices,
                                   std::string_view otherwise = {}) const;
  // A list of `least` to `most` numbers.
  [[nodiscard]] std::vector<double> numbers(std::string_view name, double low, double high, std::size_t least,
                                            std::size_t most) const;
  // Strokes: lists of points, which are lists of two numbers; further numbers are times or pressures and left
  // out.
  [[nodiscard]] std::vector<Stroke> strokes(std::string_view name, const Limits& limits) const;
  // Several drawings of strokes, limits.max_saved_points in all.
  [[nodiscard]] std::vector<std::vector<Stroke>> drawings(std::string_view name, const Limits& limits) const;
  // The member, or Refusal where it is not there.
  [[nodiscard]] const nlohmann::json& member(std::string_view name) const;
  [[nodiscard]] std::string path_of(std::string_view name) const;

 private:
  const nlohmann::json& object_;
  std::string path_;
};

}  // namespace limn::serve
