#include "limn/serve/json_body.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "limn/core/error.hpp"

namespace limn::serve {
namespace {

using nlohmann::json;

// drawings → drawing → stroke → point, in the body's object.
constexpr int kMostDepth = 8;
// Nothing that a person draws is farther away.
constexpr double kFarthest = 1e6;

[[noreturn]] void refuse(const std::string& where, const std::string& sentence) { throw Refusal(400, sentence, where); }

std::string kind_of(const json& value) {
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a text";
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  return value.is_null() ? "null" : "true or false";
}

void expect(bool holds, const json& value, const std::string& where, std::string_view wanted) {
  if (!holds) refuse(where, fmt::format("{}: expected {}, found {}", where, wanted, kind_of(value)));
}

std::string place_of(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte > 0 ? byte - 1 : 0, text.size()));
  const auto line = std::ranges::count(before, '\n') + 1;
  const std::size_t start = before.rfind('\n');
  return fmt::format("line {}, column {}", line, before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1);
}

double number_in(const json& value, const std::string& where, double low, double high) {
  expect(value.is_number(), value, where, "a number");
  const double number = value.get<double>();
  if (!(number >= low && number <= high))
    refuse(where, fmt::format("{}: is {}, expected {} to {}", where, number, low, high));
  return number;
}

sketch::Position point_at(const json& value, const std::string& where) {
  expect(value.is_array(), value, where, "a point [x, y]");
  if (value.size() < 2 || value.size() > 4)
    refuse(where, fmt::format("{}: a point has {} numbers, expected x and y", where, value.size()));
  return {static_cast<float>(number_in(value[0], where + "[0]", -kFarthest, kFarthest)),
          static_cast<float>(number_in(value[1], where + "[1]", -kFarthest, kFarthest))};
}

// Adds to `points`, which counts those of the whole request.
std::vector<sketch::Stroke> strokes_at(const json& value, const std::string& where, const Limits& limits,
                                       std::int64_t most, std::int64_t& points) {
  expect(value.is_array(), value, where, "a list of strokes");
  if (static_cast<std::int64_t>(value.size()) > limits.max_strokes)
    throw Refusal(413, fmt::format("{} has {} strokes; a drawing may have {}", where, value.size(), limits.max_strokes),
                  where);
  std::vector<sketch::Stroke> strokes;
  for (std::size_t s = 0; s < value.size(); ++s) {
    const std::string stroke_path = fmt::format("{}[{}]", where, s);
    expect(value[s].is_array(), value[s], stroke_path, "a stroke, which is a list of points");
    points += static_cast<std::int64_t>(value[s].size());
    if (points > most)
      throw Refusal(413, fmt::format("the request has more than {} points; draw with fewer, or simplify", most),
                    stroke_path);
    sketch::Stroke stroke;
    stroke.reserve(value[s].size());
    for (std::size_t p = 0; p < value[s].size(); ++p)
      stroke.push_back(point_at(value[s][p], fmt::format("{}[{}]", stroke_path, p)));
    if (!stroke.empty()) strokes.push_back(std::move(stroke));
  }
  return strokes;
}

// `value` as a list of `least` to `most` numbers.
std::vector<double> numbers_at(const json& value, const std::string& where, double low, double high, std::size_t least,
                               std::size_t most) {
  expect(value.is_array(), value, where, "a list of numbers");
  if (value.size() < least || value.size() > most) {
    const std::string wanted = least == most ? std::to_string(least) : fmt::format("{} to {}", least, most);
    refuse(where, fmt::format("{} has {} numbers, expected {}", where, value.size(), wanted));
  }
  std::vector<double> result;
  for (std::size_t i = 0; i < value.size(); ++i)
    result.push_back(number_in(value[i], fmt::format("{}[{}]", where, i), low, high));
  return result;
}

json parsed(std::string_view body) {
  int deepest = 0;
  const auto watch = [&](int depth, json::parse_event_t event, json&) {
    if (event == json::parse_event_t::array_start || event == json::parse_event_t::object_start)
      deepest = std::max(deepest, depth + 1);
    if (deepest > kMostDepth) throw Refusal(400, "the body is nested deeper than any drawing is");
    return true;
  };
  try {
    return json::parse(body.begin(), body.end(), watch);
  } catch (const json::parse_error& error) {
    const std::string where = place_of(body, error.byte);
    refuse(where, fmt::format("the body is not valid JSON at {}", where));
  } catch (const json::exception&) {
    refuse("body", "the body holds a number that is too large");
  }
}

}  // namespace

JsonObject::JsonObject(std::string_view body, std::initializer_list<std::string_view> known)
    : JsonObject(std::make_shared<const json>(parsed(body)), "", known) {}

JsonObject::JsonObject(std::shared_ptr<const json> object, std::string path,
                       std::initializer_list<std::string_view> known)
    : object_(std::move(object)), path_(std::move(path)) {
  expect(object_->is_object(), *object_, path_.empty() ? "body" : path_, "an object");
  for (const auto& item : object_->items()) {
    if (std::ranges::find(known, std::string_view(item.key())) != known.end()) continue;
    const std::string name = printable(item.key(), 40), nearest = nearest_name(item.key(), known);
    refuse(path_of(name), nearest.empty()
                              ? fmt::format("unknown member '{}'; expected {}", name, fmt::join(known, ", "))
                              : fmt::format("unknown member '{}'; do you mean {}?", name, nearest));
  }
}

JsonObject JsonObject::object(std::string_view name, std::initializer_list<std::string_view> known) const {
  return {std::shared_ptr<const json>(object_, &member(name)), path_of(name), known};
}

bool JsonObject::has(std::string_view name) const { return object_->contains(name); }

std::string JsonObject::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

const json& JsonObject::member(std::string_view name) const {
  const auto found = object_->find(name);
  if (found == object_->end()) refuse(path_of(name), fmt::format("{} is missing", path_of(name)));
  return *found;
}

double JsonObject::number(std::string_view name, double low, double high, std::optional<double> otherwise) const {
  if (!has(name) && otherwise) return *otherwise;
  return number_in(member(name), path_of(name), low, high);
}

std::int64_t JsonObject::integer(std::string_view name, std::int64_t low, std::int64_t high,
                                 std::optional<std::int64_t> otherwise) const {
  if (!has(name) && otherwise) return *otherwise;
  const json& value = member(name);
  const double number = number_in(value, path_of(name), static_cast<double>(low), static_cast<double>(high));
  expect(number == std::floor(number), value, path_of(name), "a whole number");
  // A whole number above 2^53 is kept exactly where JSON had it as one.
  return value.is_number_integer() ? value.get<std::int64_t>() : static_cast<std::int64_t>(number);
}

bool JsonObject::truth(std::string_view name, bool otherwise) const {
  if (!has(name)) return otherwise;
  expect(member(name).is_boolean(), member(name), path_of(name), "true or false");
  return member(name).get<bool>();
}

std::string JsonObject::text(std::string_view name, std::string_view otherwise) const {
  if (!has(name)) return std::string(otherwise);
  expect(member(name).is_string(), member(name), path_of(name), "a text");
  return member(name).get<std::string>();
}

std::string JsonObject::choice(std::string_view name, std::initializer_list<std::string_view> choices,
                               std::string_view otherwise) const {
  if (!has(name) && !otherwise.empty()) return std::string(otherwise);
  const json& value = member(name);
  expect(value.is_string(), value, path_of(name), "a text");
  const auto& text = value.get_ref<const std::string&>();
  if (std::ranges::find(choices, std::string_view(text)) == choices.end())
    refuse(path_of(name),
           fmt::format("{}: is '{}', expected {}", path_of(name), printable(text, 40), fmt::join(choices, ", ")));
  return text;
}

std::vector<double> JsonObject::numbers(std::string_view name, double low, double high, std::size_t least,
                                        std::size_t most) const {
  return numbers_at(member(name), path_of(name), low, high, least, most);
}

std::vector<std::vector<double>> JsonObject::number_lists(std::string_view name, double low, double high,
                                                          std::size_t size, std::size_t most) const {
  const json& value = member(name);
  const std::string where = path_of(name);
  if (value.is_array() && !value.empty() && value[0].is_number())
    return {numbers_at(value, where, low, high, size, size)};
  const std::size_t count = value.is_array() ? value.size() : 0;
  if (count < 1 || count > most)
    throw Refusal(count < 1 ? 400 : 413,
                  fmt::format("{}: expected {} numbers, or 1 to {} lists of as many", where, size, most), where);
  std::vector<std::vector<double>> lists;
  for (std::size_t i = 0; i < count; ++i)
    lists.push_back(numbers_at(value[i], fmt::format("{}[{}]", where, i), low, high, size, size));
  return lists;
}

std::vector<sketch::Stroke> JsonObject::strokes(std::string_view name, const Limits& limits) const {
  std::int64_t points = 0;
  return strokes_at(member(name), path_of(name), limits, limits.max_points, points);
}

std::vector<std::vector<sketch::Stroke>> JsonObject::drawings(std::string_view name, const Limits& limits) const {
  const json& value = member(name);
  const std::string where = path_of(name);
  expect(value.is_array(), value, where, "a list of drawings");
  if (value.empty() || static_cast<std::int64_t>(value.size()) > limits.max_saved_drawings)
    throw Refusal(value.empty() ? 400 : 413,
                  fmt::format("{} has {} drawings, expected 1 to {}", where, value.size(), limits.max_saved_drawings),
                  where);
  std::int64_t points = 0;
  std::vector<std::vector<sketch::Stroke>> drawings;
  for (std::size_t i = 0; i < value.size(); ++i)
    drawings.push_back(strokes_at(value[i], fmt::format("{}[{}]", where, i), limits, limits.max_saved_points, points));
  return drawings;
}

}  // namespace limn::serve
