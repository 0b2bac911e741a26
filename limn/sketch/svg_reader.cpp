#include "limn/sketch/svg_reader.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <pugixml.hpp>
#include <unordered_map>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/sketch/svg_path.hpp"

namespace limn::sketch {
namespace {

using svg::Pen;
using svg::Point;
using svg::Scanner;
using svg::Transform;

// Elements drawn, those reached through <use> counted each time: a small file may ask for very many.
constexpr std::int64_t kMaxElements = 1'000'000;

// Characters looked at, those of elements reached through <use> counted each time. A file without <use> has fewer.
constexpr std::size_t kMaxText = 8 * kMaxSvgBytes;
constexpr std::size_t kNode = 4;  // what an element or an attribute counts beside its text

// A name without its namespace prefix.
std::string_view local_name(const char* name) {
  const std::string_view text = name;
  return text.substr(text.find(':') == text.npos ? 0 : text.find(':') + 1);
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

// One unit of a length in user units, CSS's 96 to the inch; nothing for a unit that has no fixed
// length.
std::optional<double> unit_size(std::string_view unit) {
  if (unit.empty() || unit == "px") return 1;
  if (unit == "mm") return 96 / 25.4;
  if (unit == "cm") return 96 / 2.54;
  if (unit == "in") return 96;
  if (unit == "pt") return 96.0 / 72;
  if (unit == "pc") return 16;
  return std::nullopt;
}

class Drawer {
 public:
  Drawer(const pugi::xml_document& document, const std::string& origin, const SvgReadOptions& options)
      : document_(document), origin_(origin), pen_(options.tolerance, kMaxSvgPoints, origin) {}

  std::vector<Stroke> draw() {
    const pugi::xml_node root = document_.document_element();
    viewport_ = size_of(root);
    element(root, Transform{}, 0);
    return pen_.take();
  }

 private:
  void element(pugi::xml_node node, const Transform& outer, int depth) {
    text_ += kNode;
    for (const pugi::xml_attribute attribute : node.attributes())
      text_ += kNode + std::string_view(attribute.value()).size();
    require(text_ <= kMaxText, "{}: draws large elements again and again with <use>; it is refused", origin_);
    if (node.type() != pugi::node_element || is_hidden(node)) return;
    require(depth < kMaxSvgDepth, "{}: its elements are nested deeper than {}; it is refused", origin_, kMaxSvgDepth);
    require(++elements_ <= kMaxElements, "{}: draws more than {} elements; it is refused", origin_, kMaxElements);
    const std::string_view name = local_name(node.name());
    const Transform inner = outer * svg::parse_transform(node.attribute("transform").value(), origin_);
    if (is_one_of(name, {"g", "a", "switch"})) return children(node, inner, depth);
    if (name == "svg") return children(node, inner * shift(node, depth > 0), depth);
    if (name == "use") return use(node, inner, depth);
    pen_.transform = inner;
    pen_.lift();
    if (name == "path")
      svg::draw_path(pen_, node.attribute("d").value(), origin_);
    else if (name == "polyline" || name == "polygon")
      polygon(node, name == "polygon");
    else if (name == "line")
      line(node);
    else if (name == "rect" && !(depth == 1 && is_background(node)))
      rectangle(node);
    else if (name == "circle")
      ellipse(node, length(node, "r"), length(node, "r"));
    else if (name == "ellipse")
      ellipse(node, length(node, "rx"), length(node, "ry"));
  }

  void children(pugi::xml_node node, const Transform& transform, int depth) {
    for (const pugi::xml_node child : node.children()) element(child, transform, depth + 1);
  }

  [[nodiscard]] static bool is_hidden(pugi::xml_node node) {
    if (std::string_view(node.attribute("display").value()) == "none") return true;
    std::string style = node.attribute("style").value();
    std::erase_if(style, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
    const std::size_t place = (";" + style).find(";display:none");
    return place != std::string::npos;
  }

  // The length that percentages refer to: the extent of the viewBox, else of the picture where that is fixed, else
  // nothing.
  [[nodiscard]] std::optional<Point> size_of(pugi::xml_node svg) const {
    try {
      const pugi::xml_attribute box = svg.attribute("viewBox");
      if (!box)
        return svg.attribute("width") && svg.attribute("height")
                   ? std::optional(Point{length(svg, "width"), length(svg, "height")})
                   : std::nullopt;
      Scanner scanner(box.value(), origin_);
      Point size;
      for (double* number : {&size.x, &size.y, &size.x, &size.y}) *number = scanner.number();
      return size;
    } catch (const Error&) {
      return std::nullopt;  // as browsers do, for who draws nothing in per cent
    }
  }

  // One per cent of a length of this name, in user units.
  [[nodiscard]] std::optional<double> per_cent(std::string_view name) const {
    if (!viewport_) return std::nullopt;
    const auto [width, height] = *viewport_;
    if (is_one_of(name, {"x", "x1", "x2", "cx", "rx", "width"})) return width / 100;
    if (is_one_of(name, {"y", "y1", "y2", "cy", "ry", "height"})) return height / 100;
    return std::hypot(width, height) / std::sqrt(2.0) / 100;
  }

  // Filled, without a line, and as large as the picture: paper, and nothing drawn on it.
  [[nodiscard]] bool is_background(pugi::xml_node rect) const {
    const std::string_view style = rect.attribute("style").value();
    const bool is_filled = rect.attribute("fill") || style.find("fill:") != style.npos;
    const bool has_line = rect.attribute("stroke") || style.find("stroke:") != style.npos;
    return viewport_ && is_filled && !has_line && length(rect, "x") <= 0 && length(rect, "y") <= 0 &&
           length(rect, "x") + length(rect, "width") >= viewport_->x &&
           length(rect, "y") + length(rect, "height") >= viewport_->y;
  }

  [[nodiscard]] double length(pugi::xml_node node, const char* name) const {
    const std::string_view text = node.attribute(name).value();
    const std::size_t end = text.find_last_of("0123456789.");
    if (text.find_first_not_of(" \t\r\n") == text.npos) return 0;
    std::string_view unit = end == text.npos ? text : text.substr(end + 1);
    while (!unit.empty() && unit.back() == ' ') unit.remove_suffix(1);
    const auto size = unit == "%" ? per_cent(name) : unit_size(unit);
    require(size.has_value(), "{}: {}=\"{}\" has no fixed length; give it in user units", origin_, name,
            printable(text, 40));
    Scanner scanner(text.substr(0, text.size() - (end == text.npos ? 0 : text.size() - end - 1)), origin_);
    const double number = scanner.number();
    if (!scanner.at_end()) scanner.complain();
    return number * *size;
  }

  // Where x and y move an inner <svg> or a <use>.
  [[nodiscard]] Transform shift(pugi::xml_node node, bool is_moved) const {
    return is_moved ? Transform{1, 0, 0, 1, length(node, "x"), length(node, "y")} : Transform{};
  }

  void use(pugi::xml_node node, const Transform& transform, int depth) {
    std::string_view target = node.attribute("href").value();
    if (target.empty()) target = node.attribute("xlink:href").value();
    require(target.starts_with('#'), "{}: <use> refers to \"{}\"; only elements of the same file are drawn", origin_,
            printable(target, 40));
    const pugi::xml_node found = by_id(target.substr(1));
    require(!found.empty(), "{}: <use> refers to \"{}\", which is not there; fix it", origin_, printable(target, 40));
    const Transform moved = transform * shift(node, true);
    if (local_name(found.name()) == "symbol") return children(found, moved, depth + 1);
    element(found, moved, depth + 1);
  }

  pugi::xml_node by_id(std::string_view id) {
    if (ids_.empty()) index_ids();
    const auto found = ids_.find(id);
    return found == ids_.end() ? pugi::xml_node() : found->second;
  }

  // A walk without recursion: here the depth is not bounded yet.
  void index_ids() {
    ids_.emplace("", pugi::xml_node());
    pugi::xml_node node = document_.document_element();
    while (node) {
      if (const pugi::xml_attribute id = node.attribute("id")) ids_.emplace(id.value(), node);
      if (node.first_child()) {
        node = node.first_child();
        continue;
      }
      while (node && !node.next_sibling()) node = node.parent();
      if (node) node = node.next_sibling();
    }
  }

  void polygon(pugi::xml_node node, bool is_closed) {
    Scanner scanner(node.attribute("points").value(), origin_);
    bool has_begun = false;
    while (!scanner.at_end()) {
      const double x = scanner.number();
      const Point p{x, scanner.number()};
      has_begun ? pen_.line_to(p) : pen_.move_to(p);
      has_begun = true;
    }
    if (is_closed && has_begun) pen_.close();
  }

  void line(pugi::xml_node node) {
    pen_.move_to({length(node, "x1"), length(node, "y1")});
    pen_.line_to({length(node, "x2"), length(node, "y2")});
  }

  void rectangle(pugi::xml_node node) {
    const double x = length(node, "x"), y = length(node, "y");
    const double width = length(node, "width"), height = length(node, "height");
    if (width <= 0 || height <= 0) return;
    // A radius that is not given is as the other one.
    double rx = length(node, node.attribute("rx") ? "rx" : "ry"), ry = length(node, node.attribute("ry") ? "ry" : "rx");
    rx = std::clamp(rx, 0.0, width / 2);
    ry = std::clamp(ry, 0.0, height / 2);
    const auto corner = [&](Point end) {
      if (rx > 0 && ry > 0) pen_.arc_to({rx, ry}, 0, false, true, end);
    };
    if (rx == 0 || ry == 0) rx = ry = 0;
    pen_.move_to({x + rx, y});
    pen_.line_to({x + width - rx, y});
    corner({x + width, y + ry});
    pen_.line_to({x + width, y + height - ry});
    corner({x + width - rx, y + height});
    pen_.line_to({x + rx, y + height});
    corner({x, y + height - ry});
    pen_.line_to({x, y + ry});
    corner({x + rx, y});
    pen_.close();
  }

  void ellipse(pugi::xml_node node, double rx, double ry) {
    if (rx <= 0 || ry <= 0) return;
    const double cx = length(node, "cx"), cy = length(node, "cy");
    pen_.move_to({cx + rx, cy});
    pen_.arc_to({rx, ry}, 0, false, true, {cx - rx, cy});
    pen_.arc_to({rx, ry}, 0, false, true, {cx + rx, cy});
    pen_.close();
  }

  const pugi::xml_document& document_;
  const std::string& origin_;
  Pen pen_;
  std::optional<Point> viewport_;
  std::int64_t elements_ = 0;
  std::size_t text_ = 0;
  std::unordered_map<std::string_view, pugi::xml_node> ids_;
};

}  // namespace

std::vector<Stroke> parse_svg(std::string_view svg, const std::string& origin, const SvgReadOptions& options) {
  require(svg.size() <= kMaxSvgBytes, "{}: {} bytes; an SVG may have {} MiB", origin, svg.size(), kMaxSvgBytes >> 20);
  // pugixml skips the DOCTYPE and knows only XML's five entities, so no bomb can be declared and nothing is
  // fetched.
  pugi::xml_document document;
  const pugi::xml_parse_result result = document.load_buffer(svg.data(), svg.size(), pugi::parse_default);
  require(result.status == pugi::status_ok, "{}: not whole XML: {} at byte {}; fix it or fetch it again", origin,
          result.description(), result.offset);
  require(local_name(document.document_element().name()) == "svg", "{}: its outermost element is <{}>; expected <svg>",
          origin, printable(document.document_element().name(), 40));
  return Drawer(document, origin, options).draw();
}

Sketch read_svg(const std::filesystem::path& path, const SvgReadOptions& options) {
  return from_strokes(parse_svg(read_text_file(path, kMaxSvgBytes), path.string(), options));
}

}  // namespace limn::sketch
