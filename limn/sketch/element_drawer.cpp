#include "limn/sketch/element_drawer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/sketch/svg_reader.hpp"

namespace limn::sketch {
namespace {

constexpr double kFarthest = 1e9;                                // as in SVG
constexpr double kMaxTolerance = 0.25, kToleranceShare = 0.002;  // of ellipses where none is asked for
constexpr double kFewestPieces = 8, kMostPieces = 256;           // of an ellipse
constexpr std::size_t kMostTypes = 100;                          // of elements that are counted apart

}  // namespace

ElementDrawer::ElementDrawer(const std::string& origin, const DrawingAppOptions& options)
    : origin_(origin), options_(options), points_left_(kMaxSvgPoints) {}

void ElementDrawer::polyline(const std::vector<svg::Point>& points, bool is_closed) {
  if (points.empty()) return;
  require(points_left_ > points.size(), "{}: draws more points than limn reads; split the drawing", origin_);
  points_left_ -= points.size();
  Stroke& stroke = strokes_.emplace_back();
  for (const svg::Point& point : points) {
    const svg::Point placed = transform_(point);
    const ExactPosition at = checked_position(placed.x, placed.y, origin_);
    stroke.push_back({static_cast<float>(at.x), static_cast<float>(at.y)});
  }
  if (is_closed && stroke.back() != stroke.front()) stroke.push_back(stroke.front());
}

void ElementDrawer::ellipse(double w, double h) {
  const double rx = w / 2, ry = h / 2, radius = std::max(std::abs(rx), std::abs(ry));
  const double tolerance =
      options_.curve_tolerance > 0 ? options_.curve_tolerance : std::min(kMaxTolerance, kToleranceShare * radius);
  // A chord over the angle a lies r (1 - cos(a/2)) off, about r a^2 / 8.
  const double wanted = radius > 0 ? 2 * std::numbers::pi * std::sqrt(radius / (8 * tolerance)) : 0;
  const int pieces = static_cast<int>(std::clamp(std::ceil(wanted), kFewestPieces, kMostPieces));
  std::vector<svg::Point> points;
  for (int i = 0; i < pieces; ++i) {
    const double angle = 2 * std::numbers::pi * i / pieces;
    points.push_back({rx - rx * std::cos(angle), ry - ry * std::sin(angle)});
  }
  polyline(points, true);
}

void ElementDrawer::leave_out(std::string_view type) {
  const std::string name = type.empty() ? "untyped" : printable(type, 30);
  ++left_out_[left_out_.size() < kMostTypes || left_out_.contains(name) ? name : "other"];
}

Sketch ElementDrawer::take() { return from_strokes(std::exchange(strokes_, {})); }

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
