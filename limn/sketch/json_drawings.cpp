#include "limn/sketch/json_drawings.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "limn/core/error.hpp"

namespace limn::sketch {
namespace {

// The members that keep drawings, as programs name them. At most one of them may.
constexpr std::array<std::string_view, 12> kContents{"drawing", "ink",  "strokes",  "lines",    "paths", "points",
                                                     "path",    "data", "sketches", "drawings", "image", "requests"};

struct Content {
  std::string_view name;
  JsonValue value;
};

// The member "x" or "X", "y" or "Y".
JsonValue coordinate(JsonValue object, std::string_view small, std::string_view capital) {
  const JsonValue value = object[small];
  return value.is_there() ? value : object[capital];
}
JsonValue x_of(JsonValue object) { return coordinate(object, "x", "X"); }
JsonValue y_of(JsonValue object) { return coordinate(object, "y", "Y"); }
bool is_position(JsonValue object) { return x_of(object).is_number() && y_of(object).is_number(); }
// Offsets are points too, but only tables of points take them.
bool is_point(JsonValue object) {
  return is_position(object) || (object["dx"].is_number() && object["dy"].is_number());
}
// Two lists, as {"x": […], "y": […]}.
bool is_pair_of_lists(JsonValue object) { return object["x"].is_list() && object["y"].is_list(); }
// [x, y, x, y, …], which only an object's member may be.
bool is_flat(JsonValue list) { return list.is_list() && list.front().is_number(); }

Content content_in(JsonValue object, const JsonPlace& what);

std::optional<JsonLevel> level_of_content(const Content& content, const JsonPlace& what) {
  if (content.value.is_text()) return content.name == "drawing" ? JsonLevel::kSketch : JsonLevel::kForeign;
  if (is_flat(content.value)) return JsonLevel::kStroke;
  return level_of(content.value, what);
}

Content content_in(JsonValue object, const JsonPlace& what) {
  Content found;
  bool is_filled = false;
  for (auto member = object.begin(); member != object.end(); ++member) {
    const auto name = std::ranges::find(kContents, member.name());
    if (name == kContents.end()) continue;
    const Content content{*name, *member};
    const auto level = level_of_content(content, what);
    if (level && (*level < JsonLevel::kStroke || *level == JsonLevel::kDeeper)) continue;
    require(!(is_filled && level && found.name == content.name), "{}: has \"{}\" twice; leave one of them out", what,
            content.name);
    require(!(is_filled && level), "{}: has both \"{}\" and \"{}\"; leave one of them out", what, found.name,
            content.name);
    if (is_filled) continue;
    found = content;
    is_filled = level.has_value();
  }
  return found;
}

std::optional<JsonLevel> level_of_object(JsonValue object, const JsonPlace& what) {
  if (is_point(object)) return JsonLevel::kPoint;
  if (is_pair_of_lists(object)) return JsonLevel::kStroke;
  const Content content = content_in(object, what);
  return content.value.is_there() ? level_of_content(content, what) : JsonLevel::kForeign;
}

// Calls `visit` with the lists or the object that a stroke is: lists of numbers, a list of points as objects, a flat
// list, an object of two lists.
template <class Visit>
void see_stroke(JsonValue stroke, const JsonPlace& what, const Visit& visit) {
  for (JsonValue value = stroke;; value = content_in(value, what).value) {
    if (!value.is_object() || is_pair_of_lists(value)) return visit(value);
    require(content_in(value, what).value.is_there(), "{}: an object without points for a stroke", what);
  }
}

// Calls `visit` with each stroke of a sketch and the words that name it.
template <class Visit>
void each_stroke(JsonValue sketch, const JsonPlace& what, const Visit& visit) {
  JsonValue value = sketch;
  while (value.is_object()) {
    const Content content = content_in(value, what);
    const JsonValue drawing = value["drawing"];
    require(content.value.is_there() || !drawing.is_there(), "{}: its \"drawing\" is {}; expected a list of strokes",
            what, drawing.is_list() ? "a list without numbers" : drawing.kind_name());
    require(content.value.is_there(), "{}: has no \"drawing\" and no \"strokes\"", what);
    if (content.value.is_text()) {
      const JsonValues within(content.value.text(), fmt::format("{}: the text of its \"drawing\"", what));
      require(within.root().is_list(), "{}: its \"drawing\" is {} within a text; expected a list of strokes", what,
              within.root().kind_name());
      return each_stroke(within.root(), what, visit);
    }
    value = content.value;
  }
  require(value.is_list(), "{}: {} for a drawing; expected a list of strokes", what, value.kind_name());
  std::size_t number = 0;
  for (const JsonValue stroke : value) {
    visit(stroke, what.stroke(++number));
  }
}

ExactStroke stroke_of_objects(JsonValue points, const JsonPlace& what) {
  ExactStroke stroke;
  for (const JsonValue point : points) {
    if (!is_position(point)) fail("{}: {} without numbers x and y for a point", what, point.kind_name());
    stroke.push_back(checked_position(x_of(point).number(), y_of(point).number(), what));
  }
  return stroke;
}

ExactStroke stroke_of_flat(JsonValue numbers, const JsonPlace& what) {
  ExactStroke stroke;
  require(numbers.size() % 2 == 0, "{}: a list of {} numbers; expected x, y, x, y, …", what, numbers.size());
  for (auto number = numbers.begin(); number != numbers.end(); ++number) {
    const JsonValue x = *number;
    const JsonValue y = *++number;
    if (!x.is_number() || !y.is_number())
      fail("{}: {} for a coordinate", what, x.is_number() ? y.kind_name() : x.kind_name());
    stroke.push_back(checked_position(x.number(), y.number(), what));
  }
  return stroke;
}

ExactStroke stroke_of_pair(JsonValue object, const JsonPlace& what) {
  const JsonValue xs = object["x"], ys = object["y"];
  require(xs.size() == ys.size(), "{} has {} x and {} y", what, xs.size(), ys.size());
  ExactStroke stroke;
  auto y = ys.begin();
  for (const JsonValue x : xs) {
    if (!x.is_number() || !(*y).is_number())
      fail("{}: {} for a coordinate", what, x.is_number() ? (*y).kind_name() : x.kind_name());
    stroke.push_back(checked_position(x.number(), (*y).number(), what));
    ++y;
  }
  return stroke;
}

// Lists of numbers, which may be points or columns.
bool is_rows(JsonValue stroke) { return stroke.is_list() && !stroke.front().is_object() && !is_flat(stroke); }

}  // namespace

std::optional<JsonLevel> level_of(JsonValue value, const JsonPlace& what) {
  if (value.is_number()) return JsonLevel::kNumber;
  if (value.is_object()) return level_of_object(value, what);
  if (!value.is_list()) return JsonLevel::kForeign;
  for (const JsonValue child : value) {
    const auto level = level_of(child, what);
    if (!level) continue;
    if (*level == JsonLevel::kForeign || *level == JsonLevel::kDeeper) return level;
    return static_cast<JsonLevel>(static_cast<int>(*level) + 1);
  }
  return std::nullopt;
}

JsonValue unwrapped(JsonValue value, const JsonPlace& what) {
  constexpr std::array<std::string_view, 4> kWrappers{"data", "sketches", "drawings", "requests"};
  while (value.is_object() && !is_point(value) && !is_pair_of_lists(value)) {
    const Content content = content_in(value, what);
    if (std::ranges::find(kWrappers, content.name) == kWrappers.end() || is_flat(content.value)) break;
    value = content.value;
  }
  return value;
}

JsonValue content_of(JsonValue value, const JsonPlace& what) {
  while (value.is_object() && !is_point(value) && !is_pair_of_lists(value)) {
    const Content content = content_in(value, what);
    if (!content.value.is_list() && !content.value.is_object()) break;
    if (is_flat(content.value)) break;
    value = content.value;
  }
  return value;
}

StrokeSource source_of(JsonValue value, const JsonPlace& what) {
  for (;;) {
    if (value.is_list()) {
      JsonValue next;
      for (const JsonValue child : value)
        if (!next.is_there() && level_of(child, what)) next = child;
      value = next;
    } else if (value.is_object()) {
      const Content content = content_in(value, what);
      if (content.name == "drawing") return StrokeSource::kDrawing;
      if (content.name == "ink") return StrokeSource::kInk;
      value = content.value;
    } else {
      return StrokeSource::kPlain;
    }
  }
}

void add_stroke_shape(StrokeShapes& shapes, JsonValue stroke, const JsonPlace& what) {
  see_stroke(stroke, what, [&](JsonValue value) {
    if (is_flat(value) && !stroke.is_object()) fail("{}: a number where a point [x, y] is expected", what);
    if (is_flat(value)) shapes.add_flat();
    if (is_rows(value)) shapes.add(value, what);
  });
}

ExactStroke stroke_alone(JsonValue stroke, StrokeLayout layout, const JsonPlace& what) {
  ExactStroke result;
  see_stroke(stroke, what, [&](JsonValue value) {
    if (value.is_object())
      result = stroke_of_pair(value, what);
    else if (is_rows(value))
      result = stroke_of(value, layout, what);
    else
      result = is_flat(value) ? stroke_of_flat(value, what) : stroke_of_objects(value, what);
  });
  return result;
}

void add_shapes(StrokeShapes& shapes, JsonValue sketch, const JsonPlace& what) {
  each_stroke(sketch, what, [&](JsonValue stroke, const JsonPlace& where) { add_stroke_shape(shapes, stroke, where); });
}

std::vector<ExactStroke> strokes_of(JsonValue sketch, StrokeLayout layout, const JsonPlace& what) {
  std::vector<ExactStroke> strokes;
  each_stroke(sketch, what, [&](JsonValue stroke, const JsonPlace& where) {
    strokes.push_back(stroke_alone(stroke, layout, where));
  });
  return strokes;
}

QuickDrawRecord record_of(JsonValue object, const JsonPlace& what) {
  QuickDrawRecord record;
  record.word = object["word"].text();
  if (object["countrycode"].is_text()) record.country_code = object["countrycode"].text();
  record.timestamp = object["timestamp"].text();
  record.recognized = !object["recognized"].is_false();
  const JsonValue key = object["key_id"];
  if (key.is_number() && key.number() >= 0 && key.number() < 1.8e19)
    record.key_id = static_cast<std::uint64_t>(key.number());
  if (key.is_text()) {
    const std::string_view text = key.text();
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), record.key_id);
    require(error == std::errc{} && stop == text.data() + text.size(), "{}: key_id is \"{}\"; expected a whole number",
            what, printable(text));
  }
  return record;
}

}  // namespace limn::sketch
