#include "limn/sketch/svg_clip.hpp"

#include <algorithm>
#include <cmath>

namespace limn::sketch::svg {
namespace {

constexpr double kRounding = 1e-5;  // of floats, as a share of the region's size and place

Point point_of(Position p) { return {p.x, p.y}; }
Position position_of(Point p) { return {static_cast<float>(p.x), static_cast<float>(p.y)}; }
double cross(Point a, Point b) { return a.x * b.y - a.y * b.x; }
double dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }

// Visits the lines of closed outlines.
template <class Visit>
void each_edge(const std::vector<Stroke>& outlines, const Visit& visit) {
  for (const Stroke& outline : outlines)
    for (std::size_t i = 0; i < outline.size(); ++i)
      visit(point_of(outline[i]), point_of(outline[i + 1 < outline.size() ? i + 1 : 0]));
}

double distance(Point p, Point a, Point b) {
  const Point along = b - a;
  const double length = dot(along, along);
  const double t = length > 0 ? std::clamp(dot(p - a, along) / length, 0.0, 1.0) : 0;
  const Point off = p - (a + t * along);
  return std::hypot(off.x, off.y);
}

bool is_in(const Bounds& inner, const Bounds& outer, double slack) {
  return inner.min_x >= outer.min_x - slack && inner.max_x <= outer.max_x + slack &&
         inner.min_y >= outer.min_y - slack && inner.max_y <= outer.max_y + slack;
}
bool is_apart(const Bounds& a, const Bounds& b, double slack) {
  return a.min_x > b.max_x + slack || a.max_x < b.min_x - slack || a.min_y > b.max_y + slack ||
         a.max_y < b.min_y - slack;
}

}  // namespace

Bounds bounds_of(const Stroke& stroke) {
  Bounds box{stroke[0].x, stroke[0].y, stroke[0].x, stroke[0].y};
  for (const Position& p : stroke) {
    box.min_x = std::min(box.min_x, p.x);
    box.min_y = std::min(box.min_y, p.y);
    box.max_x = std::max(box.max_x, p.x);
    box.max_y = std::max(box.max_y, p.y);
  }
  return box;
}

bool is_upright_rectangle(const Stroke& stroke) {
  if (stroke.size() < 4 || stroke.size() > 9) return false;
  const Bounds box = bounds_of(stroke);
  const double slack = kRounding * (static_cast<double>(box.width()) + box.height());
  if (box.width() <= slack || box.height() <= slack) return false;
  double way = 0;
  for (std::size_t i = 0; i < stroke.size(); ++i) {
    const Position p = stroke[i], q = stroke[i + 1 < stroke.size() ? i + 1 : 0];
    const bool is_corner = std::min(std::abs(p.x - box.min_x), std::abs(p.x - box.max_x)) <= slack &&
                           std::min(std::abs(p.y - box.min_y), std::abs(p.y - box.max_y)) <= slack;
    const bool is_upright = std::abs(p.x - q.x) <= slack || std::abs(p.y - q.y) <= slack;
    if (!is_corner || !is_upright) return false;
    way += std::abs(static_cast<double>(p.x) - q.x) + std::abs(static_cast<double>(p.y) - q.y);
  }
  return std::abs(way - 2 * (static_cast<double>(box.width()) + box.height())) <= 9 * slack;
}

void Region::add(const std::vector<Stroke>& outlines, bool is_even_odd) {
  Shape shape;
  shape.is_even_odd = is_even_odd;
  for (const Stroke& outline : outlines)
    if (outline.size() > 2) shape.outlines.push_back(outline);
  if (shape.outlines.empty()) return;
  shape.bounds = bounds_of(shape.outlines[0]);
  for (const Stroke& outline : shape.outlines) {
    const Bounds box = bounds_of(outline);
    shape.bounds = {std::min(shape.bounds.min_x, box.min_x), std::min(shape.bounds.min_y, box.min_y),
                    std::max(shape.bounds.max_x, box.max_x), std::max(shape.bounds.max_y, box.max_y)};
  }
  shape.is_box = shape.outlines.size() == 1 && is_upright_rectangle(shape.outlines[0]);
  for (const float side : {shape.bounds.min_x, shape.bounds.min_y, shape.bounds.max_x, shape.bounds.max_y})
    slack_ = std::max(slack_, kRounding * std::abs(static_cast<double>(side)));
  for (const Stroke& outline : shape.outlines) edges_ += std::ssize(outline);
  shapes_.push_back(std::move(shape));
}

bool Region::contains(const Shape& shape, Point p) const {
  const Position here = position_of(p);
  if (is_apart({here.x, here.y, here.x, here.y}, shape.bounds, slack_)) return false;
  if (shape.is_box) return true;
  int winding = 0, crossings = 0;
  bool is_on = false;
  each_edge(shape.outlines, [&](Point a, Point b) {
    is_on = is_on || distance(p, a, b) <= slack_;
    if ((a.y <= p.y) == (b.y <= p.y)) return;
    const bool is_left = cross(b - a, p - a) > 0;
    if (is_left != (b.y > a.y)) return;
    ++crossings;
    winding += b.y > a.y ? 1 : -1;
  });
  return is_on || (shape.is_even_odd ? crossings % 2 != 0 : winding != 0);
}

bool Region::contains(Point p) const {
  return std::ranges::any_of(shapes_, [&](const Shape& shape) { return contains(shape, p); });
}

// Where on the line, from 0 to 1, it may go in or out: 0 and 1 are among them.
std::vector<double> Region::cuts(Point from, Point to) const {
  std::vector<double> all{0, 1};
  const Point along = to - from;
  for (const Shape& shape : shapes_)
    each_edge(shape.outlines, [&](Point a, Point b) {
      const double turn = cross(along, b - a);
      if (turn == 0) {  // side by side: where the edge begins and ends
        const double length = dot(along, along);
        if (length > 0)
          for (const Point p : {a, b}) all.push_back(dot(p - from, along) / length);
        return;
      }
      const double t = cross(a - from, b - a) / turn, u = cross(a - from, along) / turn;
      if (u >= -kRounding && u <= 1 + kRounding) all.push_back(t);
    });
  std::erase_if(all, [](double t) { return !(t >= 0 && t <= 1); });
  std::ranges::sort(all);
  return all;
}

std::optional<std::vector<Stroke>> Region::clipped(const Stroke& stroke, std::int64_t& work_left) const {
  const Bounds box = bounds_of(stroke);
  if (std::ranges::all_of(shapes_, [&](const Shape& shape) { return is_apart(box, shape.bounds, slack_); }))
    return std::vector<Stroke>();
  if (std::ranges::any_of(shapes_, [&](const Shape& s) { return s.is_box && is_in(box, s.bounds, slack_); }))
    return std::vector<Stroke>{stroke};
  if ((work_left -= edges_) < 0) return std::nullopt;
  if (stroke.size() == 1) return contains(point_of(stroke[0])) ? std::vector<Stroke>{stroke} : std::vector<Stroke>();
  std::vector<Stroke> parts;
  bool is_inside = false;
  for (std::size_t i = 0; i + 1 < stroke.size(); ++i) {
    const Point from = point_of(stroke[i]), to = point_of(stroke[i + 1]);
    if ((work_left -= edges_) < 0) return std::nullopt;
    const std::vector<double> at = cuts(from, to);
    if ((work_left -= edges_ * std::ssize(at)) < 0) return std::nullopt;
    for (std::size_t k = 0; k + 1 < at.size(); ++k) {
      if (at[k + 1] - at[k] <= 1e-12) continue;
      const bool was_inside = std::exchange(is_inside, contains(from + 0.5 * (at[k] + at[k + 1]) * (to - from)));
      if (!is_inside) continue;
      const Position begin = position_of(from + at[k] * (to - from)), end = position_of(from + at[k + 1] * (to - from));
      if (!was_inside) parts.push_back({begin});
      // Inside of a line that continues inside, only its own end is a point.
      if (was_inside && k > 0)
        parts.back().back() = end;
      else
        parts.back().push_back(end);
    }
  }
  const bool is_closed = stroke.front() == stroke.back();
  if (is_closed && parts.size() > 1 && parts.front().front() == stroke.front() &&
      parts.back().back() == stroke.back()) {
    parts.back().insert(parts.back().end(), parts.front().begin() + 1, parts.front().end());
    parts.front() = std::move(parts.back());
    parts.pop_back();
  }
  return parts;
}

}  // namespace limn::sketch::svg
