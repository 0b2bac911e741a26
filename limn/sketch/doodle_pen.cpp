#include "limn/sketch/doodle_pen.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace limn::sketch::doodles {
namespace {

constexpr double kSampleSpacing = 5;  // paper units between the samples of a path
constexpr double kTremorLength = 28;  // paper units from one twitch to the next

double distance(Point a, Point b) { return std::sqrt((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y)); }

// Catmull-Rom: through b and c, at share t of the way, where a comes before and d after.
Point spline(Point a, Point b, Point c, Point d, double t) {
  const Point linear = c - a;
  const Point quadratic = 2 * a - 5 * b + 4 * c - d;
  const Point cubic = 3 * (b - c) + d - a;
  return 0.5 * (2 * b + t * (linear + t * (quadratic + t * cubic)));
}

int samples_between(Point a, Point b) {
  return std::max(1, static_cast<int>(std::ceil(distance(a, b) / kSampleSpacing)));
}

}  // namespace

Point on_ellipse(Point centre, double radius_x, double radius_y, double degrees) {
  const double angle = degrees * std::numbers::pi / 180;
  return {centre.x + radius_x * std::cos(angle), centre.y + radius_y * std::sin(angle)};
}

DoodlePen::DoodlePen(RandomStream& random) : random_(random) {
  tremor_ = about(1.3, 0.8);
  carelessness_ = about(2.2, 1.5);
  tilt_ = about(0, 0.12);
  slant_ = about(0, 0.08);
  width_ = about(1, 0.15);
  has_ring_eyes_ = chance(0.5);
  is_clockwise_ = chance(0.3);
}

double DoodlePen::about(double middle, double spread) {
  double sum = 0;
  for (int i = 0; i < 3; ++i) sum += random_.uniform();
  return middle + spread * (sum - 1.5) / 1.5;
}

int DoodlePen::between(int low, int high) {
  return low + static_cast<int>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
}

void DoodlePen::lines(std::vector<Point> corners) {
  std::vector<Point> path{corners.front()};
  for (std::size_t i = 1; i < corners.size(); ++i) {
    const Point a = corners[i - 1], b = corners[i];
    const Point across{-(b - a).y, (b - a).x};
    const double bow = about(0, 0.05);
    const int steps = samples_between(a, b);
    for (int k = 1; k <= steps; ++k) {
      const double t = static_cast<double>(k) / steps;
      path.push_back(a + t * (b - a) + (bow * 4 * t * (1 - t)) * across);
    }
  }
  finish(std::move(path));
}

void DoodlePen::curve(std::vector<Point> nodes) {
  std::vector<Point> path{nodes.front()};
  const auto node = [&](std::ptrdiff_t i) {
    return nodes[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(i, 0, std::ssize(nodes) - 1))];
  };
  for (std::ptrdiff_t i = 0; i + 1 < std::ssize(nodes); ++i) {
    const int steps = samples_between(node(i), node(i + 1));
    for (int k = 1; k <= steps; ++k) {
      const double t = static_cast<double>(k) / steps;
      path.push_back(spline(node(i - 1), node(i), node(i + 1), node(i + 2), t));
    }
  }
  finish(std::move(path));
}

void DoodlePen::arc(Point centre, double radius_x, double radius_y, double from_degrees, double to_degrees) {
  const double length = std::abs(to_degrees - from_degrees) * std::numbers::pi / 180 * std::max(radius_x, radius_y);
  const int steps = std::max(4, static_cast<int>(std::ceil(length / kSampleSpacing)));
  // A hand comes back a little farther in or out than it set off.
  const double drift = about(0, 0.06);
  std::vector<Point> path;
  for (int k = 0; k <= steps; ++k) {
    const double t = static_cast<double>(k) / steps;
    const double reach = 1 + drift * t;
    path.push_back(
        on_ellipse(centre, radius_x * reach, radius_y * reach, from_degrees + t * (to_degrees - from_degrees)));
  }
  finish(std::move(path));
}

void DoodlePen::loop(Point centre, double radius_x, double radius_y) {
  const double start = about(-80, 50);
  const double sweep = about(358, 16);  // may fall short or go past
  arc(centre, radius_x, radius_y, start, is_clockwise_ ? start + sweep : start - sweep);
}

void DoodlePen::polygon(std::vector<Point> corners) {
  if (chance(0.25))
    std::rotate(corners.begin(), corners.begin() + between(0, static_cast<int>(corners.size()) - 1), corners.end());
  if (chance(0.25)) std::ranges::reverse(corners);
  const Point miss{about(0, 3), about(0, 3)};
  corners.push_back(corners.front() + miss);
  lines(std::move(corners));
}

void DoodlePen::eye(Point centre) {
  if (has_ring_eyes_) {
    const double radius = about(7.5, 1.5);
    loop(centre, radius, radius);
  } else {
    lines({centre + Point{0, -6}, centre + Point{0, 7}});
  }
}

void DoodlePen::in_some_order(std::vector<std::function<void()>> parts) {
  if (chance(0.25)) shuffle(std::span(parts), random_);
  for (const auto& draw : parts) draw();
}

std::vector<Point> DoodlePen::trembled(const std::vector<Point>& path) {
  const auto twitch = [this] { return Point{about(0, tremor_), about(0, tremor_)}; };
  std::vector<Point> result;
  result.reserve(path.size());
  Point from = twitch(), to = twitch();
  double way = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i > 0) way += distance(path[i - 1], path[i]);
    while (way > kTremorLength) {
      way -= kTremorLength;
      from = to;
      to = twitch();
    }
    const double t = way / kTremorLength;
    result.push_back(path[i] + from + (t * t * (3 - 2 * t)) * (to - from));
  }
  return result;
}

Point DoodlePen::on_paper(Point p) const {
  const double x = width_ * (p.x + slant_ * p.y);
  return {x - tilt_ * p.y, p.y + tilt_ * x};
}

void DoodlePen::finish(std::vector<Point> path) {
  if (chance(0.1)) std::ranges::reverse(path);
  const Point miss{about(0, carelessness_), about(0, carelessness_)};
  Stroke stroke;
  for (const Point& point : trembled(path)) {
    const Point p = on_paper(point + miss);
    stroke.push_back({static_cast<float>(p.x), static_cast<float>(p.y)});
  }
  strokes_.push_back(std::move(stroke));
}

}  // namespace limn::sketch::doodles
