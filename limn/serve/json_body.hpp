// The JSON of a request, read with bounds and with errors that say where. Every reader throws Refusal 400 with a path
// such as "strokes[2][0]". The JSON library stays out of this header.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limn/serve/http.hpp"
#include "limn/serve/limits.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::serve {

// One object of a request and the place where it stands. Parts of one body share its memory.
class JsonObject {
 public:
  // The body of a request. Throws Refusal 400: not JSON ("line 3, column 7"), nested deeper than drawings are, not an
  // object, or a member that is none of `known`, suggesting the nearest.
  JsonObject(std::string_view body, std::initializer_list<std::string_view> known);

  [[nodiscard]] bool has(std::string_view name) const;
  // Of a member that may be absent. Numbers must be finite and in [low, high].
  [[nodiscard]] double number(std::string_view name, double low, double high,
                              std::optional<double> otherwise = {}) const;
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t low, std::int64_t high,
                                     std::optional<std::int64_t> otherwise = {}) const;
  [[nodiscard]] bool truth(std::string_view name, bool otherwise) const;
  [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise) const;
  [[nodiscard]] std::string choice(std::string_view name, std::initializer_list<std::string_view> choices,
                                   std::string_view otherwise = {}) const;
  // A list of `least` to `most` numbers.
  [[nodiscard]] std::vector<double> numbers(std::string_view name, double low, double high, std::size_t least,
                                            std::size_t most) const;
  // 1 to `most` lists of `size` numbers each; a single list may stand without the outer brackets. Refusal 413 for more.
  [[nodiscard]] std::vector<std::vector<double>> number_lists(std::string_view name, double low, double high,
                                                              std::size_t size, std::size_t most) const;
  // Strokes: lists of points, which are lists of two numbers; further numbers are times or pressures and left out.
  [[nodiscard]] std::vector<sketch::Stroke> strokes(std::string_view name, const Limits& limits) const;
  // Several drawings of strokes, limits.max_saved_points in all.
  [[nodiscard]] std::vector<std::vector<sketch::Stroke>> drawings(std::string_view name, const Limits& limits) const;
  // A member that is an object of its own.
  [[nodiscard]] JsonObject object(std::string_view name, std::initializer_list<std::string_view> known) const;
  [[nodiscard]] std::string path_of(std::string_view name) const;

 private:
  JsonObject(std::shared_ptr<const nlohmann::json> object, std::string path,
             std::initializer_list<std::string_view> known);
  // Throws Refusal 400 where the member is not there.
  [[nodiscard]] const nlohmann::json& member(std::string_view name) const;

  std::shared_ptr<const nlohmann::json> object_;  // shares the whole body
  std::string path_;
};

}  // namespace limn::serve
