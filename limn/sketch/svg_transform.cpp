#include "limn/sketch/svg_transform.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numbers>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/sketch/svg_css_text.hpp"
#include "limn/sketch/svg_style.hpp"

namespace limn::sketch::svg {
namespace {

constexpr double kFontSize = 16;
constexpr std::size_t kMostArguments = 16;  // of matrix3d

struct Quantity {
  double number = 0;
  std::string_view unit;
};
std::optional<Quantity> quantity_of(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  Quantity quantity;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quantity.number);
  if (error != std::errc{} || !(std::abs(quantity.number) <= kLargestNumber)) return std::nullopt;
  quantity.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return quantity;
}

std::optional<double> unit_size(std::string_view unit, const Viewport& viewport, Along along) {
  struct Unit {
    std::string_view name;
    double size;
  };
  constexpr std::array kUnits{
      Unit{"px", 1},  Unit{"mm", 96 / 25.4}, Unit{"cm", 96 / 2.54}, Unit{"in", 96},         Unit{"pt", 96.0 / 72},
      Unit{"pc", 16}, Unit{"q", 96 / 101.6}, Unit{"em", kFontSize}, Unit{"rem", kFontSize}, Unit{"ex", kFontSize / 2}};
  if (unit.empty()) return 1;
  for (const Unit& known : kUnits)
    if (is_same_word(unit, known.name)) return known.size;
  if (!viewport.size) return std::nullopt;
  const auto [width, height] = *viewport.size;
  if (is_same_word(unit, "vw")) return width / 100;
  if (is_same_word(unit, "vh")) return height / 100;
  if (unit != "%") return std::nullopt;
  if (along == Along::kX) return width / 100;
  if (along == Along::kY) return height / 100;
  return std::hypot(width, height) / std::numbers::sqrt2 / 100;
}

std::optional<double> degrees_of(std::string_view text) {
  const auto angle = quantity_of(text);
  if (!angle) return std::nullopt;
  if (is_same_word(angle->unit, "deg")) return angle->number;
  if (is_same_word(angle->unit, "rad")) return angle->number * 180 / std::numbers::pi;
  if (is_same_word(angle->unit, "grad")) return angle->number * 0.9;
  if (is_same_word(angle->unit, "turn")) return angle->number * 360;
  return angle->unit.empty() && angle->number == 0 ? std::optional(0.0) : std::nullopt;
}

Transform translation(double x, double y) { return {1, 0, 0, 1, x, y}; }
Transform rotation(double degrees) {
  const double cosine = std::cos(radians(degrees)), sine = std::sin(radians(degrees));
  return {cosine, sine, -sine, cosine, 0, 0};
}

std::optional<Transform> plain_function(std::string_view name, const std::vector<std::string_view>& arguments) {
  std::array<double, 6> v{};
  const std::size_t n = arguments.size();
  if (n > v.size()) return std::nullopt;
  for (std::size_t i = 0; i < n; ++i) {
    const auto number = quantity_of(arguments[i]);
    if (!number || !number->unit.empty()) return std::nullopt;
    v[i] = number->number;
  }
  if (name == "matrix" && n == 6) return Transform{v[0], v[1], v[2], v[3], v[4], v[5]};
  if (name == "translate" && (n == 1 || n == 2)) return translation(v[0], v[1]);
  if (name == "scale" && (n == 1 || n == 2)) return Transform{v[0], 0, 0, n == 2 ? v[1] : v[0], 0, 0};
  if (name == "skewX" && n == 1) return Transform{.c = std::tan(radians(v[0]))};
  if (name == "skewY" && n == 1) return Transform{.b = std::tan(radians(v[0]))};
  if (name == "rotate" && n == 1) return rotation(v[0]);
  if (name == "rotate" && n == 3) return translation(v[1], v[2]) * rotation(v[0]) * translation(-v[1], -v[2]);
  return std::nullopt;
}

// The functions of CSS that keep to the plane. Each argument is of the kind that its function asks for.
class CssFunction {
 public:
  CssFunction(std::string_view name, const std::vector<std::string_view>& arguments, const Viewport& viewport)
      : name_(name), arguments_(arguments), viewport_(viewport) {}

  std::optional<Transform> read() {
    const std::size_t n = arguments_.size();
    std::optional<Transform> result = function(n);
    return is_good_ ? result : std::nullopt;
  }

 private:
  std::optional<Transform> function(std::size_t n) {
    const bool one_or_two = n == 1 || n == 2;
    if (is("translate") && one_or_two) return translation(length(0, Along::kX), n == 2 ? length(1, Along::kY) : 0);
    if (is("translate3d") && n == 3) return translation(length(0, Along::kX), length(1, Along::kY));
    if (is("translatex") && n == 1) return translation(length(0, Along::kX), 0);
    if (is("translatey") && n == 1) return translation(0, length(0, Along::kY));
    if (is("scale") && one_or_two) return Transform{number(0), 0, 0, number(n - 1), 0, 0};
    if (is("scale3d") && n == 3) return Transform{number(0), 0, 0, number(1), 0, 0};
    if (is("scalex") && n == 1) return Transform{.a = number(0)};
    if (is("scaley") && n == 1) return Transform{.d = number(0)};
    if ((is("rotate") || is("rotatez")) && n == 1) return rotation(angle(0));
    if (is("skew") && one_or_two) return Transform{1, n == 2 ? tangent(1) : 0, tangent(0), 1, 0, 0};
    if (is("skewx") && n == 1) return Transform{.c = tangent(0)};
    if (is("skewy") && n == 1) return Transform{.b = tangent(0)};
    if (is("matrix") && n == 6) return Transform{number(0), number(1), number(2), number(3), number(4), number(5)};
    if (is("matrix3d") && n == 16) return Transform{number(0), number(1), number(4), number(5), number(12), number(13)};
    return std::nullopt;
  }

  [[nodiscard]] bool is(std::string_view name) const { return is_same_word(name_, name); }
  double good(std::optional<double> value) {
    is_good_ = is_good_ && value.has_value();
    return value.value_or(0);
  }
  double number(std::size_t i) { return good(opacity_of(arguments_[i])); }
  double angle(std::size_t i) { return good(degrees_of(arguments_[i])); }
  double tangent(std::size_t i) { return std::tan(radians(angle(i))); }
  double length(std::size_t i, Along along) {
    const auto quantity = quantity_of(arguments_[i]);
    if (quantity && quantity->unit.empty() && quantity->number != 0) return good(std::nullopt);
    return good(length_of(arguments_[i], viewport_, along));
  }

  std::string_view name_;
  const std::vector<std::string_view>& arguments_;
  const Viewport& viewport_;
  bool is_good_ = true;
};

// "a(1, 2) b(3)": the product of what `read` makes of each name and its arguments. Commas between functions, and white
// space between arguments, stand in attributes only, where they do no harm in CSS.
template <class Read>
std::optional<Transform> product(std::string_view text, const Read& read) {
  Transform total;
  std::vector<std::string_view> arguments;
  text = trimmed(text);
  while (!text.empty()) {
    const std::size_t open = text.find('('), close = text.find(')');
    if (open == text.npos || close == text.npos || close < open) return std::nullopt;
    const std::string_view name = trimmed(text.substr(0, open));
    std::string_view list = text.substr(open + 1, close - open - 1);
    arguments.clear();
    while (!(list = trimmed(list)).empty()) {
      std::size_t end = 0;
      while (end < list.size() && list[end] != ',' && !is_css_space(list[end]) &&
             !(end > 0 && (list[end] == '-' || list[end] == '+') && list[end - 1] != 'e' && list[end - 1] != 'E'))
        ++end;
      if (end == 0 || arguments.size() == kMostArguments) return std::nullopt;
      arguments.push_back(list.substr(0, end));
      list = trimmed(list.substr(end));
      if (list.starts_with(',')) list.remove_prefix(1);
    }
    const std::optional<Transform> one = read(name, arguments);
    if (!one) return std::nullopt;
    total = total * *one;
    text = trimmed(text.substr(close + 1));
    if (text.starts_with(',')) text = trimmed(text.substr(1));
  }
  return total;
}

// One of the two of transform-origin: a length or a word. `is_other` is set for a word of the other direction.
std::optional<double> origin_part(std::string_view text, const Viewport& viewport, Along along) {
  const bool is_x = along == Along::kX;
  std::string_view length = text;
  if (is_same_word(text, is_x ? "left" : "top")) length = "0";
  if (is_same_word(text, "center")) length = "50%";
  if (is_same_word(text, is_x ? "right" : "bottom")) length = "100%";
  return length_of(length, viewport, along);
}

std::optional<Point> origin_of(std::string_view text, const Viewport& viewport) {
  if (text.empty()) return Point{};
  std::vector<std::string_view> words;
  each_word(text, [&](std::string_view word) {
    if (words.size() < 3) words.push_back(word);
  });
  if (words.empty()) return Point{};
  if (words.size() == 1) words.push_back("center");
  const auto is_vertical = [](std::string_view word) {
    return is_same_word(word, "top") || is_same_word(word, "bottom");
  };
  const auto is_horizontal = [](std::string_view word) {
    return is_same_word(word, "left") || is_same_word(word, "right");
  };
  if (is_vertical(words[0]) || is_horizontal(words[1])) std::swap(words[0], words[1]);
  const auto x = origin_part(words[0], viewport, Along::kX), y = origin_part(words[1], viewport, Along::kY);
  return x && y ? std::optional(Point{*x, *y}) : std::nullopt;
}

}  // namespace

std::optional<double> length_of(std::string_view text, const Viewport& viewport, Along along) {
  const auto quantity = quantity_of(text);
  if (!quantity) return std::nullopt;
  const auto size = unit_size(quantity->unit, viewport, along);
  return size ? std::optional(quantity->number * *size) : std::nullopt;
}

std::optional<Transform> attribute_transform(std::string_view text) { return product(text, plain_function); }

std::optional<Transform> css_transform(std::string_view text, const Viewport& viewport) {
  if (is_same_word(text, "none") || is_same_word(text, "initial") || is_same_word(text, "unset")) return Transform{};
  return product(text, [&](std::string_view name, const std::vector<std::string_view>& arguments) {
    return CssFunction(name, arguments, viewport).read();
  });
}

std::optional<Transform> around_origin(const Transform& transform, std::string_view origin, const Viewport& viewport) {
  const auto centre = origin_of(origin, viewport);
  if (!centre) return std::nullopt;
  return translation(centre->x, centre->y) * transform * translation(-centre->x, -centre->y);
}

std::optional<Box> view_box_of(std::string_view text) {
  try {
    Scanner scanner(text);
    Box box;
    for (double* number : {&box.x, &box.y, &box.width, &box.height}) *number = scanner.number();
    return box.width > 0 && box.height > 0 && scanner.at_end() ? std::optional(box) : std::nullopt;
  } catch (const NotSvg&) {
    return std::nullopt;  // as browsers do
  }
}

Transform view_box_transform(const Box& box, Point size, std::string_view preserve_aspect_ratio) {
  double x = size.x / box.width, y = size.y / box.height;
  std::vector<std::string_view> words;
  each_word(preserve_aspect_ratio, [&](std::string_view word) {
    if (word != "defer" && words.size() < 2) words.push_back(word);
  });
  const std::string_view align = words.empty() ? "xMidYMid" : words[0];
  if (align == "none") return Transform{x, 0, 0, y, -box.x * x, -box.y * y};
  const bool is_slice = words.size() == 2 && words[1] == "slice";
  x = y = is_slice ? std::max(x, y) : std::min(x, y);
  const auto share = [&](std::string_view low, std::string_view high) {
    return align.find(low) != align.npos ? 0.0 : align.find(high) != align.npos ? 1.0 : 0.5;
  };
  return {x,
          0,
          0,
          y,
          share("xMin", "xMax") * (size.x - box.width * x) - box.x * x,
          share("YMin", "YMax") * (size.y - box.height * y) - box.y * y};
}

}  // namespace limn::sketch::svg
