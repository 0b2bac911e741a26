#include "limn/image/shapes.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "limn/core/random.hpp"

namespace limn::image {
namespace {

constexpr std::uint64_t kShapeSeed = 1;
constexpr double kPi = std::numbers::pi;

struct Point {
  double x = 0;
  double y = 0;
};
Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
double dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }
double length(Point a) { return std::sqrt(dot(a, a)); }

// Outlines about the origin, reaching out to 1, y downwards.
using Polygon = std::vector<Point>;

Polygon regular_polygon(int corners) {
  Polygon polygon;
  for (int i = 0; i < corners; ++i) {
    const double angle = 2 * kPi * i / corners - kPi / 2;
    polygon.push_back({std::cos(angle), std::sin(angle)});
  }
  return polygon;
}

// `waist` is where the notches lie, as a share of where the points reach.
Polygon star(double waist) {
  Polygon polygon = regular_polygon(10);
  for (std::size_t i = 1; i < polygon.size(); i += 2) polygon[i] = {waist * polygon[i].x, waist * polygon[i].y};
  return polygon;
}

Polygon cross(double arm) {
  Polygon polygon;
  const double tip = std::sqrt(1 - arm * arm);
  for (int quarter = 0; quarter < 4; ++quarter) {
    const double c = std::array{1, 0, -1, 0}[quarter], s = std::array{0, 1, 0, -1}[quarter];
    for (const Point p : {Point{arm, -arm}, Point{tip, -arm}, Point{tip, arm}})
      polygon.push_back({c * p.x - s * p.y, s * p.x + c * p.y});
  }
  return polygon;
}

// The curve x = 16 sin³ t, y = 13 cos t − 5 cos 2t − 2 cos 3t − cos 4t, which is 17 high below its middle.
Polygon heart() {
  Polygon polygon;
  constexpr int kCorners = 28;
  for (int i = 0; i < kCorners; ++i) {
    const double t = 2 * kPi * i / kCorners, s = std::sin(t);
    const double y = 13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t);
    polygon.push_back({16 * s * s * s / 17, -(y + 2.5) / 17});
  }
  return polygon;
}

// Signed distances to an outline, negative inside.
double distance_to(const Polygon& polygon, Point p) {
  double nearest = 1e9;  // squared
  bool is_inside = false;
  Point a = polygon.back();
  for (const Point b : polygon) {
    const Point edge = b - a, way = p - a;
    const double share = std::clamp(dot(way, edge) / dot(edge, edge), 0.0, 1.0);
    const Point gap = way - Point{share * edge.x, share * edge.y};
    nearest = std::min(nearest, dot(gap, gap));
    // A ray to the right crosses the edge: even-odd rule.
    if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + (p.y - a.y) / edge.y * edge.x) is_inside = !is_inside;
    a = b;
  }
  return is_inside ? -std::sqrt(nearest) : std::sqrt(nearest);
}

double distance_to_disc(Point p, double radius) { return length(p) - radius; }

// A disc without the disc of the same size beside it.
double distance_to_moon(Point p, double gap) {
  return std::max(distance_to_disc(p, 1), -distance_to_disc(p - Point{gap, 0}, 0.9));
}

enum class Kind { kDisc, kRing, kSquare, kTriangle, kCross, kStar, kHeart, kMoon };
constexpr std::array<const char*, 8> kKindNames{"disc", "ring", "square", "triangle", "cross", "star", "heart", "moon"};

// The content of a picture: a shape of radius 1, then turned, scaled and moved.
struct Pose {
  Kind kind = Kind::kDisc;
  double shape = 0;      // the share that the kind leaves open, in [0, 1)
  double radius = 0;     // pixels
  double rotation = 0;   // radians
  double thickness = 0;  // of the line, pixels; 0: filled
  Point centre;          // pixels
};

Pose draw_pose(std::int64_t index, RandomStream& random) {
  const auto between = [&](double low, double high) { return low + (high - low) * random.uniform(); };
  Pose pose;
  pose.kind = static_cast<Kind>(index % static_cast<std::int64_t>(kKindNames.size()));
  pose.shape = random.uniform();
  pose.radius = between(7.5, 12);
  pose.rotation = between(-kPi, kPi);
  if (pose.kind == Kind::kHeart) pose.rotation = between(-0.4, 0.4);
  const bool is_outlined = random.uniform() < 0.3F;
  // A line of a fifth of the radius leaves even a star its hole.
  const double thickness = between(1.6, std::max(1.8, 0.3 * pose.radius));
  const bool can_be_outlined = pose.kind != Kind::kDisc && pose.kind != Kind::kCross && pose.kind != Kind::kMoon;
  if (pose.kind == Kind::kRing || (is_outlined && can_be_outlined)) pose.thickness = thickness;
  const double middle = kShapeSide / 2.0, room = std::min(3.5, middle - 0.5 - pose.radius);
  pose.centre.x = middle + between(-room, room);
  pose.centre.y = middle + between(-room, room);
  return pose;
}

Polygon outline_of(const Pose& pose) {
  switch (pose.kind) {
    case Kind::kSquare:
      return regular_polygon(4);
    case Kind::kTriangle:
      return regular_polygon(3);
    case Kind::kCross:
      return cross(0.2 + 0.15 * pose.shape);
    case Kind::kStar:
      return star(0.4 + 0.12 * pose.shape);
    case Kind::kHeart:
      return heart();
    default:
      return {};
  }
}

double distance_to(const Pose& pose, const Polygon& outline, Point p) {
  if (!outline.empty()) return distance_to(outline, p);
  if (pose.kind == Kind::kMoon) return distance_to_moon(p, 0.45 + 0.35 * pose.shape);
  return distance_to_disc(p, 1);
}

}  // namespace

std::vector<std::string> shape_kinds() { return {kKindNames.begin(), kKindNames.end()}; }

void draw_shape(Split split, std::int64_t index, std::span<std::uint8_t> pixels) {
  assert(std::ssize(pixels) == kShapeSide * kShapeSide);
  RandomStream random(kShapeSeed, Purpose::kShapes, static_cast<std::uint64_t>(split),
                      static_cast<std::uint64_t>(index));
  const Pose pose = draw_pose(index, random);
  const Polygon outline = outline_of(pose);
  const double c = std::cos(pose.rotation), s = std::sin(pose.rotation);
  std::ranges::fill(pixels, std::uint8_t{0});
  std::size_t place = 0;
  for (std::int64_t y = 0; y < kShapeSide; ++y) {
    for (std::int64_t x = 0; x < kShapeSide; ++x, ++place) {
      const Point way = Point{static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5} - pose.centre;
      if (dot(way, way) > (pose.radius + 1) * (pose.radius + 1)) continue;
      const Point p{(c * way.x + s * way.y) / pose.radius, (c * way.y - s * way.x) / pose.radius};
      double distance = pose.radius * distance_to(pose, outline, p);
      // The line lies inside of the outline, so that both kinds are of one size.
      if (pose.thickness > 0) distance = std::abs(distance + pose.thickness / 2) - pose.thickness / 2;
      // A pixel that the edge crosses is covered about as far as its centre lies inside.
      pixels[place] = static_cast<std::uint8_t>(std::lround(255 * std::clamp(0.5 - distance, 0.0, 1.0)));
    }
  }
}

}  // namespace limn::image
