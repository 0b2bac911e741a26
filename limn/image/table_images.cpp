// Images in tables of text, a line each: parse_table_images(). Kaggle's MNIST has a header and a label in front,
// mnist_train.csv no header, the binarized MNIST of Larochelle (.amat) numbers between spaces and no label.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/image/grey_values.hpp"
#include "limn/image/image_arrays.hpp"
#include "limn/image/image_file.hpp"

namespace limn::image {
namespace {

constexpr std::size_t kNoLabel = static_cast<std::size_t>(-1);
constexpr std::size_t kLeastPixels = 64;

bool is_separator(char c) { return c == ',' || c == ';' || c == '\t' || c == ' '; }

// The next line, without its end; it is taken off `text`.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return line;
}

// The next field; spaces around a separator belong to it. It is taken off `line`.
std::string_view take_field(std::string_view& line) {
  std::size_t end = 0;
  while (end < line.size() && !is_separator(line[end])) ++end;
  std::string_view field = line.substr(0, end);
  bool has_mark = false;  // a comma, not only spaces
  while (end < line.size() && is_separator(line[end]) && (line[end] == ' ' || !has_mark))
    has_mark |= line[end++] != ' ';
  line.remove_prefix(end);
  if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
  return field;
}

std::optional<float> number(std::string_view field) {
  float value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size()) return std::nullopt;
  return value;
}

// "pixel0", "px_12", "1x1", "28x28"; quoted or not.
bool is_pixel_name(std::string_view name) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string word;
  for (const char c : name)
    if (!is_digit(c) && c != '_' && c != '.' && c != '-') word += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return std::ranges::any_of(name, is_digit) &&
         (word == "pixel" || word == "px" || word == "p" || word == "x" || word == "pix");
}

std::size_t side_of(std::size_t pixels) {
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(pixels))));
  return side * side == pixels ? side : 0;
}

// What the first line says.
struct Columns {
  std::size_t all = 0;
  std::size_t label = kNoLabel;
  bool has_header = false;
  bool is_guessed = false;  // a label of which nothing says that it is one
  [[nodiscard]] std::size_t pixels() const { return all - (label == kNoLabel ? 0 : 1); }
};

std::optional<Columns> columns_of(std::string_view line) {
  constexpr std::size_t kUsual[] = {784, 1024, 4096};  // without a header, only tables of these are images
  Columns columns;
  std::size_t names = 0, others = 0;
  bool is_numbers = true;
  while (!line.empty()) {
    const std::string_view field = take_field(line);
    is_numbers = is_numbers && number(field).value_or(-1) >= 0;
    if (is_pixel_name(field)) {
      ++names;
    } else {
      columns.label = columns.all;
      ++others;
    }
    ++columns.all;
  }
  if (names >= kLeastPixels && others <= 1) {
    columns.has_header = true;
    if (others == 0) columns.label = kNoLabel;
    return columns;
  }
  columns.label = kNoLabel;
  if (!is_numbers || columns.all == 0) return std::nullopt;
  if (std::ranges::find(kUsual, columns.all) != std::end(kUsual)) return columns;
  if (std::ranges::find(kUsual, columns.all - 1) == std::end(kUsual)) return std::nullopt;
  columns.label = 0;
  columns.is_guessed = true;
  return columns;
}

// All numbers, line after line.
std::vector<float> read_numbers(std::string_view text, const Columns& columns, const std::string& origin) {
  std::vector<float> values;
  for (std::size_t row = columns.has_header ? 2 : 1; !text.empty(); ++row) {
    std::string_view line = take_line(text);
    if (line.empty()) continue;
    std::size_t count = 0;
    for (; !line.empty(); ++count) {
      const std::string_view field = take_field(line);
      const std::optional<float> value = number(field);
      const bool is_text_label = !value && count == columns.label;
      require(value.has_value() || is_text_label, "{}: line {}: '{}' is not a number; fix or remove the line", origin,
              row, printable(field, 30));
      if (!is_text_label)
        require(std::isfinite(*value), "{}: line {}: a number that is not finite; fix or remove the line", origin, row);
      values.push_back(value.value_or(0));
      require(count < columns.all, "{}: line {}: more than {} numbers; fix or remove the line", origin, row,
              columns.all);
    }
    require(count == columns.all, "{}: line {}: {} numbers where the first line has {}; fix or remove the line", origin,
            row, count, columns.all);
  }
  return values;
}

// A column of labels: whole numbers below a hundred. One of nothing but zeros is rather a corner of black pictures.
struct LabelColumn {
  bool is_possible = true;
  bool is_zero = true;
};
LabelColumn label_column(const std::vector<float>& values, const Columns& columns, std::size_t column) {
  constexpr float kMostClasses = 100;
  LabelColumn found;
  for (std::size_t i = column; i < values.size(); i += columns.all) {
    found.is_possible = found.is_possible && values[i] == std::floor(values[i]) && values[i] < kMostClasses;
    found.is_zero = found.is_zero && values[i] == 0;
  }
  return found;
}

std::size_t place_of_label(const std::vector<float>& values, const Columns& columns, const std::string& origin) {
  if (!columns.is_guessed) return columns.label;
  const LabelColumn first = label_column(values, columns, 0), last = label_column(values, columns, columns.all - 1);
  require(first.is_possible || last.is_possible,
          "{}: {} numbers a line, and neither the first nor the last can be a label; give the columns names in a first "
          "line, pixel0 and so on",
          origin, columns.all);
  const bool is_last = last.is_possible && (!first.is_possible || (first.is_zero && !last.is_zero));
  return is_last ? columns.all - 1 : 0;
}

// Calls `visit` with each number that is not a label.
template <class Visit>
void each_pixel(const std::vector<float>& values, std::size_t columns, std::size_t label, const Visit& visit) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (label == kNoLabel || i % columns != label) visit(values[i]);
}

}  // namespace

bool begins_as_table(std::string_view text) { return columns_of(take_line(text)).has_value(); }

ImageArrays parse_table_images(std::string_view text, const std::string& origin) {
  std::string_view rest = text;
  const std::optional<Columns> columns = columns_of(take_line(rest));
  require(columns.has_value(), "{}: no table of pixels by its first line; see docs/formats.md for those that are read",
          origin);
  const std::size_t side = side_of(columns->pixels());
  if (const std::size_t of_three = side_of(columns->pixels() / 3);
      side == 0 && columns->pixels() % 3 == 0 && of_three > 0)
    fail(
        "{}: {} numbers an image are {}×{} in three colours, in an order that the table does not tell; save them as "
        ".npy of N×{}×{}×3",
        origin, columns->pixels(), of_three, of_three, of_three, of_three);
  require(side > 0, "{}: {} pixels a line, which is not a square; save the images as .npy of N×H×W", origin,
          columns->pixels());
  const std::vector<float> values = read_numbers(columns->has_header ? rest : text, *columns, origin);
  require(!values.empty(), "{}: a table without images; use one that holds some", origin);
  const std::size_t label = place_of_label(values, *columns, origin);
  ImageArrays arrays;
  if (columns->is_guessed)
    arrays.notes.push_back(fmt::format("{}: {} columns without names: the {} was taken for the label", origin,
                                       columns->all, label == 0 ? "first" : "last"));
  ValueRange range{.least = HUGE_VAL, .greatest = -HUGE_VAL};
  each_pixel(values, columns->all, label, [&](float value) {
    range.least = std::min<double>(range.least, value);
    range.greatest = std::max<double>(range.greatest, value);
    range.is_whole = range.is_whole && value == std::floor(value);
  });
  const GreyScale grey = grey_scale(range, origin);
  if (!grey.note.empty()) arrays.notes.push_back(grey.note);
  StoredImages& images = arrays.parts[0];
  images.shape = {1, static_cast<std::int64_t>(side), static_cast<std::int64_t>(side)};
  images.pixels.reserve(values.size() / columns->all * columns->pixels());
  each_pixel(values, columns->all, label, [&](float value) { images.pixels.push_back(grey.byte_of(value)); });
  return arrays;
}

}  // namespace limn::image
