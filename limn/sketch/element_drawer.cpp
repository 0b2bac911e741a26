#include "limn/sketch/element_drawer.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/sketch/svg_reader.hpp"

namespace limn::sketch {
namespace {

constexpr double kFarthest = 1e9;        // as in SVG
constexpr std::size_t kMostTypes = 100;  // of elements that are counted apart

}  // namespace

ElementDrawer::ElementDrawer(const std::string& origin, const DrawingAppOptions& options)
    : origin_(origin), options_(options), pen_(options.curve_tolerance, kMaxSvgPoints, origin) {}

void ElementDrawer::polyline(const std::vector<svg::Point>& points, bool is_closed) {
  if (points.empty()) return;
  pen_.lift();
  pen_.move_to(points.front());
  // A point alone is a dot.
  if (points.size() == 1) pen_.line_to(points.front());
  for (std::size_t i = 1; i < points.size(); ++i) pen_.line_to(points[i]);
  if (is_closed) pen_.close();
}

void ElementDrawer::ellipse(double w, double h) {
  pen_.lift();
  const svg::Point radii{w / 2, h / 2};
  pen_.move_to({0, h / 2});
  pen_.arc_to(radii, 0, false, true, {w, h / 2});
  pen_.arc_to(radii, 0, false, true, {0, h / 2});
}

void ElementDrawer::leave_out(std::string_view type) {
  const std::string name = type.empty() ? "untyped" : printable(type, 30);
  ++left_out_[left_out_.size() < kMostTypes || left_out_.contains(name) ? name : "other"];
}

Sketch ElementDrawer::take() { return from_strokes(pen_.take()); }

void ElementDrawer::tell_left_out() {
  std::string list;
  std::size_t named = 0;
  constexpr std::size_t kNamed = 8;
  for (const auto& [type, count] : left_out_) {
    if (++named > kNamed) break;
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", count, type);
  }
  if (left_out_.size() > kNamed) list += ", …";
  if (!list.empty()) tell(options_.note, fmt::format("{}: left out, as no pen draws it: {}", origin_, list));
}

double ElementDrawer::number(JsonValue value, double otherwise) const {
  const double found = value.number(otherwise);
  require(std::abs(found) <= kFarthest, "{}: an element at {} is beyond all pages", origin_, found);
  return found;
}

svg::Point ElementDrawer::point(JsonValue value) const {
  if (value.is_object()) {
    require(value["x"].is_number() && value["y"].is_number(), "{}: a point without numbers x and y", origin_);
    return {number(value["x"]), number(value["y"])};
  }
  require(value.size() >= 2 && value.front().is_number() && (*++value.begin()).is_number(),
          "{}: a point that is not [x, y]", origin_);
  return {number(value.front()), number(*++value.begin())};
}

std::vector<svg::Point> ElementDrawer::points(JsonValue list) const {
  std::vector<svg::Point> all;
  for (const JsonValue value : list) all.push_back(point(value));
  return all;
}

svg::Transform moved(double x, double y) { return {1, 0, 0, 1, x, y}; }

svg::Transform turned(double angle, svg::Point centre) {
  const double cosine = std::cos(angle), sine = std::sin(angle);
  return moved(centre.x, centre.y) * svg::Transform{cosine, sine, -sine, cosine, 0, 0} * moved(-centre.x, -centre.y);
}

svg::Point middle_of(const std::vector<svg::Point>& points) {
  if (points.empty()) return {};
  const auto [left, right] = std::ranges::minmax(points, {}, &svg::Point::x);
  const auto [top, bottom] = std::ranges::minmax(points, {}, &svg::Point::y);
  return {(left.x + right.x) / 2, (top.y + bottom.y) / 2};
}

}  // namespace limn::sketch
