#include "limn/sketch/json.hpp"

#include <algorithm>
#include <optional>

#include "limn/arrays/gunzip.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/sketch/drawing_apps.hpp"
#include "limn/sketch/json_drawings.hpp"
#include "limn/sketch/point_roles.hpp"
#include "limn/sketch/point_table.hpp"
#include "limn/sketch/stroke_arrays.hpp"
#include "limn/sketch/stroke_rows.hpp"

namespace limn::sketch {
namespace {

constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 34;
constexpr std::string_view kForms =
    "expected a list of sketches, each a list of strokes, each a list of points [x, y] (docs/formats.md has the other "
    "forms)";

// Reads one file's values, once what they are is known.
class SketchFileReader {
 public:
  SketchFileReader(const std::string& origin, const SketchJsonOptions& options, const RecordSink& sink)
      : origin_(origin), options_(options), sink_(sink) {}

  void read(JsonValue root) {
    const DrawingAppOptions app{.curve_tolerance = options_.curve_tolerance, .note = options_.note};
    if (is_excalidraw(root)) return add_all(read_excalidraw(root, origin_, app));
    if (is_tldraw(root)) return add_all(read_tldraw(root, origin_, app));
    refuse_foreign(root);
    const JsonValue bare = unwrapped(root, origin_);
    if (has_splits(bare)) return read_splits(bare);
    const JsonValue content = content_of(bare, origin_);
    const auto level = level_of(content, origin_);
    if (!level) {  // nothing but empty lists: sketches without strokes
      for (std::size_t i = 0; i < content.size(); ++i) add({});
      return;
    }
    switch (*level) {
      case JsonLevel::kSketches:
        return read_sketches({{Split::kTrain, content}}, bare);
      case JsonLevel::kSketch:
        return read_sketch(content, bare);
      case JsonLevel::kStroke:
        return read_stroke(content, bare);
      default:
        fail("{}: {}; {}", origin_, described(root), kForms);
    }
  }

 private:
  using Part = std::pair<Split, JsonValue>;

  void add(Sketch sketch, Split split = Split::kTrain) {
    QuickDrawRecord record;
    record.sketch = std::move(sketch);
    sink_(std::move(record), split);
  }

  void add_all(std::vector<Sketch> sketches) {
    for (Sketch& sketch : sketches) add(std::move(sketch));
  }

  static std::optional<Split> split_of(std::string_view name) {
    if (name == "train" || name == "training") return Split::kTrain;
    if (name == "valid" || name == "validation" || name == "val") return Split::kValid;
    if (name == "test") return Split::kTest;
    return std::nullopt;
  }
  static bool has_splits(JsonValue object) {
    if (!object.is_object()) return false;
    for (auto member = object.begin(); member != object.end(); ++member)
      if (split_of(member.name()) && (*member).is_list()) return true;
    return false;
  }

  [[nodiscard]] static std::string described(JsonValue value) {
    if (value.is_list()) {
      const auto level = level_of(value, "");
      if (level == JsonLevel::kDeeper) return "lists too deep in each other";
      return level == JsonLevel::kPoint ? "a list of numbers" : "a list without numbers";
    }
    if (!value.is_object()) return std::string(value.kind_name());
    if (value.size() == 0) return "an empty object";
    std::string names;
    constexpr std::size_t kNamed = 4;
    std::size_t count = 0;
    for (auto member = value.begin(); member != value.end() && count < kNamed; ++member, ++count)
      names += fmt::format("{}\"{}\"", count == 0 ? "" : ", ", printable(member.name(), 20));
    return fmt::format("an object with {}{}", names, value.size() > kNamed ? ", …" : "");
  }

  void refuse_foreign(JsonValue root) const {
    const JsonValue first = root.front();
    require(!(root.is_list() && root.size() == 3 && first.is_object() &&
              (first["mode"].is_there() || first["max_seq_len"].is_there() || first["version"].is_there())),
            "{}: a model of sketch-rnn-js and no sketches; limn import reads it", origin_);
    const std::string_view type = root["type"].text();
    require(type != "FeatureCollection" && type != "Feature" && !root["layers"].is_list() && !root["objects"].is_list(),
            "{}: {}, the file of another program, which is not read; save the drawing as SVG there", origin_,
            described(root));
  }

  // --- all of one level ---

  void read_splits(JsonValue object) {
    std::vector<Part> parts;
    bool has_rows = false, has_sketches = false;
    for (auto member = object.begin(); member != object.end(); ++member) {
      const auto split = split_of(member.name());
      if (!split) {
        tell(options_.note,
             fmt::format("{}: \"{}\" is not a split and was left out", origin_, printable(member.name(), 20)));
        continue;
      }
      const auto level = level_of(*member, origin_);
      has_rows = has_rows || level == JsonLevel::kSketch;
      has_sketches = has_sketches || level == JsonLevel::kSketches;
      require(!level || level == JsonLevel::kSketch || level == JsonLevel::kSketches, "{}: \"{}\" is {}; {}", origin_,
              printable(member.name(), 20), described(*member), kForms);
      parts.emplace_back(*split, *member);
    }
    require(!(has_rows && has_sketches), "{}: its splits are lists of different depth; fix it", origin_);
    if (!has_rows) return read_sketches(parts, object);
    require(has_pens(parts),
            "{}: its splits hold lists of numbers that are neither stroke-3 (dx, dy, 0 or 1) nor stroke-5; {}", origin_,
            kForms);
    read_rows(parts);
  }

  void read_sketches(const std::vector<Part>& parts, JsonValue root) {
    StrokeShapes shapes;
    StrokeSource source = StrokeSource::kPlain;
    each_sketch(parts, [&](JsonValue sketch, Split, const std::string& where) {
      if (source == StrokeSource::kPlain) source = source_of(sketch, where);
      add_shapes(shapes, sketch, where);
    });
    if (source == StrokeSource::kPlain) source = source_of(root, origin_);
    const StrokeLayout layout = layout_of(shapes, source);
    each_sketch(parts, [&](JsonValue sketch, Split split, const std::string& where) {
      QuickDrawRecord record = record_of(sketch, where);
      if (options_.only_recognized && !record.recognized) return;
      record.sketch = from_strokes(strokes_of(sketch, layout, where));
      sink_(std::move(record), split);
    });
  }

  // Lists of the depth of one sketch: it may also be a list of sketches that are rows with a pen.
  void read_sketch(JsonValue content, JsonValue root) {
    const std::vector<Part> parts{{Split::kTrain, content}};
    if (root.is_list() && has_pens(parts)) return read_rows(parts);
    StrokeShapes shapes;
    add_shapes(shapes, content, origin_);
    const StrokeLayout layout = layout_of(shapes, source_of(root, origin_));
    if (root.is_list() && content.front().is_list())
      tell(options_.note,
           fmt::format("{}: read as one sketch of {}; a list of sketches has one more pair of "
                       "brackets",
                       origin_, content.size() == 1 ? "one stroke" : fmt::format("{} strokes", content.size())));
    add_recorded(root, from_strokes(strokes_of(content, layout, origin_)));
  }

  // Lists of the depth of one stroke: points, or the rows of one sketch.
  void read_stroke(JsonValue content, JsonValue root) {
    if (content.is_list() && content.front().is_object()) {
      auto sketches = sketches_of(table_of(content), origin_, {.absolute = options_.absolute, .note = options_.note});
      if (sketches.size() != 1) return add_all(std::move(sketches));
      return add_recorded(root, std::move(sketches.front()));
    }
    const bool has_lists = root.is_list() && content.front().is_list();
    if (has_lists) {
      StrokeRowShapes rows;
      add_rows(rows, content);
      if (rows.kind()) {
        SplitRows one = named_rows();
        one.sketches[0].push_back(rows_of(content));
        return add_rows_read(std::move(one));
      }
    }
    StrokeShapes shapes;
    add_stroke_shape(shapes, content, origin_);
    const StrokeLayout layout = layout_of(shapes, source_of(root, origin_));
    if (has_lists)
      tell(options_.note, fmt::format("{}: read as one sketch of one stroke; a list of sketches has two more pairs of "
                                      "brackets",
                                      origin_));
    const std::vector<ExactStroke> strokes{stroke_alone(content, layout, origin_)};
    add_recorded(root, from_strokes(strokes));
  }

  void add_recorded(JsonValue root, Sketch sketch) {
    QuickDrawRecord record = record_of(root, origin_);
    if (options_.only_recognized && !record.recognized) return;
    record.sketch = std::move(sketch);
    sink_(std::move(record), Split::kTrain);
  }

  template <class Visit>
  void each_sketch(const std::vector<Part>& parts, const Visit& visit) const {
    for (const auto& [split, list] : parts) {
      std::size_t number = 0;
      for (const JsonValue sketch : list) visit(sketch, split, fmt::format("{}: sketch {}", origin_, number++));
    }
  }

  [[nodiscard]] StrokeLayout layout_of(const StrokeShapes& shapes, StrokeSource source) const {
    DrawingLayouts layouts(origin_, source);
    const StrokeLayout layout = layouts.next(shapes, origin_);
    layouts.finish(options_.note);
    if (shapes.has_flat()) tell(options_.note, fmt::format("{}: lists of numbers were read as x, y, x, y, …", origin_));
    if (layout == StrokeLayout::kColumns && source == StrokeSource::kPlain)
      tell(options_.note,
           fmt::format("{}: its strokes were read as columns [[x, …], [y, …]], as Quick, Draw! has them", origin_));
    return layout;
  }

  // --- rows with a pen ---

  static void numbers_of(JsonValue row, std::vector<double>& numbers) {
    numbers.clear();
    constexpr std::size_t kWidest = 8;  // a longer row has no pen
    for (const JsonValue number : row) {
      if (!number.is_number() || numbers.size() == kWidest) return numbers.clear();
      numbers.push_back(number.number());
    }
  }
  static void add_rows(StrokeRowShapes& shapes, JsonValue sketch) {
    std::vector<double> numbers;
    for (const JsonValue row : sketch) {
      numbers_of(row, numbers);
      shapes.add(numbers);
    }
  }
  static bool has_pens(const std::vector<Part>& parts) {
    StrokeRowShapes shapes;
    for (const auto& [split, list] : parts) {
      for (const JsonValue sketch : list) {
        if (!sketch.is_list()) return false;
        add_rows(shapes, sketch);
      }
    }
    return shapes.kind().has_value();
  }
  // All rows have one width, as they have pens.
  static StrokeRows rows_of(JsonValue sketch) {
    StrokeRows rows;
    for (const JsonValue row : sketch) {
      rows.columns = static_cast<std::int64_t>(row.size());
      for (const JsonValue number : row) rows.values.push_back(static_cast<float>(number.number()));
    }
    return rows;
  }
  [[nodiscard]] SplitRows named_rows() const {
    SplitRows rows;
    rows.origins.fill(origin_);
    return rows;
  }
  void add_rows_read(SplitRows rows) {
    SketchSplits splits = sketches_of(std::move(rows), origin_, {.absolute = options_.absolute, .note = options_.note});
    for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
      for (Sketch& sketch : splits[split]) add(std::move(sketch), split);
  }
  void read_rows(const std::vector<Part>& parts) {
    SplitRows rows = named_rows();
    for (const auto& [split, list] : parts)
      for (const JsonValue sketch : list) rows.sketches[static_cast<std::size_t>(split)].push_back(rows_of(sketch));
    add_rows_read(std::move(rows));
  }

  // Points as objects, whose members are columns, whether all points have them or not.
  [[nodiscard]] PointTable table_of(JsonValue points) const {
    PointTable table{.kind = "member"};
    for (const JsonValue point : points)
      for (auto member = point.begin(); point.is_object() && member != point.end(); ++member) {
        if (std::ranges::find(table.names, member.name()) != table.names.end()) continue;
        require(table.names.size() < kMostMembers, "{}: its points have more than {} different members", origin_,
                kMostMembers);
        table.names.emplace_back(member.name());
      }
    table.columns = table.names.size();
    check_names(table.names, origin_, table.kind);
    std::size_t number = 0;
    const auto has_no_position = [&](JsonValue point) {
      bool is_position = false;
      for (const std::string& name : table.names) {
        if (const PointRole role = point_role_of(name); role != PointRole::kX && role != PointRole::kY) continue;
        is_position = true;
        if (point[name].is_number() || point[name].is_text()) return false;
      }
      return is_position;
    };
    for (const JsonValue point : points) {
      if (point.is_object() && has_no_position(point)) {  // as an event "up" may be
        table.breaks.push_back(table.rows());
        ++number;
        continue;
      }
      require(point.is_object(), "{}: point {} is {}; expected an object with x and y", origin_, number + 1,
              point.kind_name());
      ++number;
      for (const std::string& name : table.names) {
        const JsonValue value = point[name];
        if (value.is_number())
          table.add(value.number());
        else if (value.is_true() || value.is_false())
          table.add_truth(value.is_true());
        else if (value.is_text())
          table.add_word(value.text());
        else
          table.add_nothing();
      }
    }
    return table;
  }
  static constexpr std::size_t kMostMembers = 64;  // of a point

  const std::string& origin_;
  const SketchJsonOptions& options_;
  const RecordSink& sink_;
};

// A list a line, without commas between: the list of these lists. Empty for any other text.
std::string list_of_lines(std::string_view json) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto next_of = [&](std::size_t at) { return json.find_first_not_of(kSpace, at); };
  const std::size_t end = json.find('\n', std::min(next_of(0), json.size()));
  if (end == json.npos) return {};
  const std::size_t last = json.find_last_not_of(kSpace, end), next = next_of(end);
  if (last == json.npos || json[last] != ']' || next == json.npos || json[next] != '[') return {};
  std::string list = "[";
  list.reserve(json.size() + 2);
  char before = '[';                         // the last that is not a space
  std::size_t line_end = std::string::npos;  // in the list, since then
  for (const char c : json) {
    if (c == '[' && before == ']' && line_end != list.npos) list[line_end] = ',';
    if (c == '\n') line_end = list.size();
    if (kSpace.find(c) == kSpace.npos) {
      before = c;
      line_end = list.npos;
    }
    list += c;
  }
  return list + "]";
}

}  // namespace

void read_sketches_json(std::string_view json, const std::string& origin, const SketchJsonOptions& options,
                        const RecordSink& sink) {
  const std::string lines = list_of_lines(json);
  if (!lines.empty()) json = lines;
  const JsonValues values(json, origin);
  SketchFileReader(origin, options, sink).read(values.root());
}

void read_sketches_json(const std::filesystem::path& path, const SketchJsonOptions& options, const RecordSink& sink) {
  read_sketches_json(arrays::read_unpacked_text(path, kMaxFile), path.string(), options, sink);
}

SketchSplits parse_sketches_json(std::string_view json, const std::string& origin, const SketchJsonOptions& options) {
  SketchSplits splits;
  read_sketches_json(json, origin, options,
                     [&](QuickDrawRecord&& record, Split split) { splits[split].push_back(std::move(record.sketch)); });
  return splits;
}

std::string sketches_json_item(const Sketch& sketch, bool is_first) {
  std::string json = is_first ? "\n[" : ",\n[";
  bool is_first_stroke = true;
  for (const Stroke& stroke : to_strokes(sketch)) {
    json += is_first_stroke ? "[" : ",[";
    is_first_stroke = false;
    for (std::size_t i = 0; i < stroke.size(); ++i)
      fmt::format_to(std::back_inserter(json), "{}[{},{}]", i == 0 ? "" : ",", stroke[i].x, stroke[i].y);
    json += ']';
  }
  return json + ']';
}

std::string sketches_to_json(std::span<const Sketch> sketches) {
  std::string json(kSketchesJsonBegin);
  for (std::size_t i = 0; i < sketches.size(); ++i) json += sketches_json_item(sketches[i], i == 0);
  return json.append(kSketchesJsonEnd);
}

}  // namespace limn::sketch
