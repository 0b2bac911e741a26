#include "limn/sketch/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <istream>
#include <optional>

#include "limn/arrays/gunzip.hpp"
#include "limn/arrays/unpacked_file.hpp"
#include "limn/core/error.hpp"
#include "limn/sketch/json_drawings.hpp"
#include "limn/sketch/point_table.hpp"
#include "limn/sketch/text_lines.hpp"

namespace limn::sketch {
namespace {

constexpr std::size_t kMostColumns = 64;   // of points and drawings
constexpr std::size_t kFewestPixels = 64;  // rows of more numbers are images
constexpr std::string_view kQuestion = "is it a table of points?";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Excel's "sep=;": the first line of names tells the same.
bool is_separator_line(std::string_view line) {
  return line.size() == 5 && (line.starts_with("sep=") || line.starts_with("SEP="));
}

char separator_of(std::string_view line) {
  bool is_quoted = false;
  std::string outside;
  for (const char c : line) {
    if (c == '"') is_quoted = !is_quoted;
    if (!is_quoted) outside += c;
  }
  for (const char c : {';', '\t', ','})
    if (outside.find(c) != outside.npos) return c;
  return ' ';
}

std::vector<std::string> fields_of(std::string_view line, char separator) {
  std::vector<std::string> fields;
  if (separator == ' ') {
    for (line = trimmed(line); !line.empty(); line = trimmed(line)) {
      const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
      fields.emplace_back(line.substr(0, end));
      line.remove_prefix(end);
    }
    return fields;
  }
  bool is_quoted = false, was_quoted = false;
  std::string field;
  const auto end_field = [&] {
    fields.emplace_back(was_quoted ? std::string_view(field) : trimmed(field));
    field.clear();
    was_quoted = false;
  };
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (is_quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      field += line[++i];  // a quote within quotes stands twice
    } else if (c == '"' && (is_quoted || trimmed(field).empty())) {
      if (!is_quoted) field.clear();
      is_quoted = !is_quoted;
      was_quoted = true;
    } else if (c == separator && !is_quoted) {
      end_field();
    } else {
      field += c;
    }
  }
  end_field();
  return fields;
}

bool is_truth(std::string_view field) {
  field = trimmed(field);
  return !field.empty() &&
         (field.front() == 't' || field.front() == 'T' || field.front() == 'f' || field.front() == 'F');
}
// Nothing, or the NaN of Python and R.
bool is_nothing(std::string_view field) {
  field = trimmed(field);
  return field.empty() || field == "nan" || field == "NaN" || field == "NAN" || field == "NA";
}

// The number that a field holds. Where fields are not separated by commas, a comma may be a decimal point.
std::optional<double> number_in(std::string_view field, char separator) {
  std::string text(trimmed(field));
  if (text.starts_with('+')) text.erase(0, 1);
  if (separator != ',' && std::ranges::count(text, ',') == 1) text[text.find(',')] = '.';
  if (text == "True" || text == "true" || text == "TRUE") return 1;
  if (text == "False" || text == "false" || text == "FALSE") return 0;
  double number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

// The points of a line "x,y x,y x,y"; none of any other line.
std::vector<ExactPosition> points_of_line(std::string_view line) {
  std::vector<ExactPosition> points;
  for (const std::string& point : fields_of(line, ' ')) {
    const auto fields = fields_of(point, ',');
    const auto x = number_in(fields.front(), ','), y = number_in(fields.back(), ',');
    if (fields.size() != 2 || !x || !y) return {};
    points.push_back({*x, *y});
  }
  return points;
}

class CsvReader {
 public:
  CsvReader(std::istream& in, const std::string& origin, const SketchJsonOptions& options, const RecordSink& sink,
            std::uint64_t max_bytes)
      : lines_(in, TextLines::End::kNewlineOrReturn),
        origin_(origin),
        options_(options),
        sink_(sink),
        bytes_left_(max_bytes) {}

  void read() {
    if (!first_line()) return;
    // Two might be one point with decimal commas.
    if (points_of_line(line_).size() > 2) return read_lines_of_points();
    separator_ = separator_of(line_);
    std::vector<std::string> first = fields_of(line_, separator_);
    require(first.size() < kFewestPixels,
            "{}: rows of {} fields, which are images and no sketches; limn train vae and limn train draw take images",
            origin_, first.size());
    const bool has_names = std::ranges::any_of(
        first, [&](const std::string& field) { return !field.empty() && !number_in(field, separator_); });
    if (has_names) names_ = first;
    if (has_names && column("drawing") && !column("x") && !column("dx")) return read_drawings();
    require(!has_names || !column("pixel0"), "{}: a table of pixels, which are images and no sketches", origin_);
    if (first.back().empty() && !has_names) first.pop_back();  // a separator at the end of each line
    read_points(has_names ? std::nullopt : std::optional(first));
  }

 private:
  [[nodiscard]] std::string where() const { return fmt::format("{}: line {}", origin_, number_); }

  // The next line, with those that a field in quotes continues on.
  bool next() {
    ++number_;
    if (!lines_.next(line_, where(), kQuestion)) return false;
    if (number_ == 1) line_ = std::string(without_byte_order_mark(line_));
    if (separator_ == ' ' && number_ > 1) return true;
    std::string more;
    auto quotes = std::ranges::count(line_, '"');
    while (quotes % 2 != 0 && lines_.next(more, where(), kQuestion)) {
      ++number_;
      require(line_.size() + more.size() < kMaxTextLine, "{}: a field in quotes that does not end; fix it", where());
      quotes += std::ranges::count(more, '"');
      line_ += '\n' + more;
    }
    require(quotes % 2 == 0, "{}: a field in quotes that does not end; fix it", where());
    return true;
  }

  // The first line that is not blank. A comment that names columns counts, as numpy.savetxt writes it.
  bool first_line() {
    while (next()) {
      const std::string_view text = trimmed(line_);
      if (text.empty() || is_separator_line(text)) continue;
      if (!text.starts_with('#')) return true;
      const std::string names(trimmed(text.substr(1)));
      const auto fields = fields_of(names, separator_of(names));
      if (std::ranges::find(fields, "x") == fields.end() && std::ranges::find(fields, "dx") == fields.end()) continue;
      line_ = names;
      return true;
    }
    return false;
  }

  // The column of that name, small and capital letters alike.
  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const {
    const auto found = std::ranges::find_if(names_, [&](const std::string& field) {
      return std::ranges::equal(field, name, {}, [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
    });
    return found == names_.end() ? std::optional<std::size_t>()
                                 : std::optional(static_cast<std::size_t>(found - names_.begin()));
  }

  // --- a drawing a row ---

  void read_drawings() {
    DrawingLayouts layouts(origin_, StrokeSource::kDrawing);
    while (next()) {
      if (trimmed(line_).empty()) continue;
      const std::vector<std::string> fields = fields_of(line_, separator_);
      require(fields.size() == names_.size(), "{}: has {} fields; expected {}, as the first line names", where(),
              fields.size(), names_.size());
      const auto field = [&](std::string_view name) {
        const auto at = column(name);
        return at ? fields[*at] : std::string();
      };
      QuickDrawRecord record{.word = field("word"), .timestamp = field("timestamp")};
      if (const std::string country = field("countrycode"); !country.empty()) record.country_code = country;
      const std::string recognized = field("recognized");
      record.recognized = recognized.empty() || number_in(recognized, separator_) != 0;
      if (const std::string key = field("key_id"); !key.empty()) {
        const auto [stop, error] = std::from_chars(key.data(), key.data() + key.size(), record.key_id);
        require(error == std::errc{} && stop == key.data() + key.size(),
                "{}: key_id is \"{}\"; expected a whole number", where(), printable(key));
      }
      const JsonValues values(field("drawing"), where() + ": its drawing");
      StrokeShapes shapes;
      add_shapes(shapes, values.root(), where());
      record.sketch = from_strokes(strokes_of(values.root(), layouts.next(shapes, where()), where()));
      if (record.recognized || !options_.only_recognized) sink_(std::move(record), Split::kTrain);
    }
    layouts.finish(options_.note);
  }

  // --- a stroke a row ---

  void read_lines_of_points() {
    tell(options_.note, fmt::format("{}: each line was read as a stroke, x,y x,y …", origin_));
    std::vector<ExactStroke> strokes;
    do {
      const std::string_view text = trimmed(line_);
      if (text.empty() || text.starts_with('#')) continue;
      ExactStroke& stroke = strokes.emplace_back(points_of_line(text));
      require(!stroke.empty(), "{}: is not a stroke as the first line is: x,y x,y …", where());
      for (const ExactPosition& at : stroke) (void)checked_position(at.x, at.y, where());
    } while (next());
    QuickDrawRecord record;
    record.sketch = from_strokes(strokes);
    sink_(std::move(record), Split::kTrain);
  }

  // --- a point a row ---

  void read_points(const std::optional<std::vector<std::string>>& first) {
    if (!first) check_names(names_, origin_);
    PointTable table{.names = names_, .columns = first ? first->size() : names_.size()};
    require(table.columns <= kMostColumns, "{}: rows of {} fields; is it a table of points?", origin_, table.columns);
    if (first) add_row(table, *first);
    bool is_blank = false;
    while (next()) {
      require(line_.size() < bytes_left_, "{}: more text than such a file should hold; split it", origin_);
      bytes_left_ -= line_.size() + 1;
      const std::string_view text = trimmed(line_);
      if (text.starts_with('#')) continue;
      if (text.empty() || text.find_first_not_of(" \t,;") == text.npos) {
        is_blank = true;
        continue;
      }
      const std::vector<std::string> fields = fields_of(line_, separator_);
      if (has_no_position(fields)) {
        is_blank = true;
        continue;
      }
      if (is_blank) table.breaks.push_back(table.rows());
      is_blank = false;
      add_row(table, fields);
    }
    for (Sketch& sketch :
         sketches_of(std::move(table), origin_, {.absolute = options_.absolute, .note = options_.note})) {
      QuickDrawRecord record;
      record.sketch = std::move(sketch);
      sink_(std::move(record), Split::kTrain);
    }
  }

  // As plots end lines: a row of NaN.
  [[nodiscard]] bool has_no_position(std::span<const std::string> fields) const {
    const auto is_missing = [&](std::size_t at) { return at < fields.size() && is_nothing(fields[at]); };
    if (names_.empty()) return is_missing(0) && is_missing(1);
    const auto x = column("x"), y = column("y");
    return x && y && is_missing(*x) && is_missing(*y);
  }

  void add_row(PointTable& table, std::span<const std::string> fields) {
    if (fields.size() == table.columns + 1 && fields.back().empty()) fields = fields.first(table.columns);
    require(fields.size() == table.columns, "{}: has {} fields; expected {}, as the first line{}", where(),
            fields.size(), table.columns,
            separator_ == ',' && fields.size() > table.columns
                ? "; if commas are decimal points, put semicolons between the fields"
                : "");
    for (const std::string& field : fields) {
      const auto number = number_in(field, separator_);
      require(number || !names_.empty(), "{}: \"{}\" is not a number; expected a point a line, as x,y", where(),
              printable(field, 30));
      if (number)
        table.add(*number, is_truth(field) ? PointTable::kTruth : PointTable::kNumber);
      else if (is_nothing(field))
        table.add_nothing();
      else
        table.add_word(trimmed(field));
    }
  }

  TextLines lines_;
  const std::string& origin_;
  const SketchJsonOptions& options_;
  const RecordSink& sink_;
  std::uint64_t bytes_left_;
  std::string line_;
  std::int64_t number_ = 0;  // of the line
  char separator_ = ',';
  std::vector<std::string> names_;
};

}  // namespace

void read_csv(std::istream& in, const std::string& origin, const SketchJsonOptions& options, const RecordSink& sink,
              std::uint64_t max_bytes) {
  CsvReader(in, origin, options, sink, max_bytes).read();
}

void read_csv(const std::filesystem::path& path, const SketchJsonOptions& options, const RecordSink& sink) {
  std::error_code unknown;
  const std::uint64_t size = std::filesystem::file_size(path, unknown);
  constexpr std::uint64_t kMostOfPipe = std::uint64_t{1} << 32;
  arrays::UnpackedFile file(path);
  read_csv(file.stream(), path.string(), options, sink,
           unknown ? kMostOfPipe : arrays::kGunzipFactor * size + arrays::kGunzipFloor);
}

}  // namespace limn::sketch
