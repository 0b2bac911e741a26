#include "limn/sketch/simplify.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "limn/core/error.hpp"

namespace limn::sketch {
namespace {

// Squared distance of p from the segment a–b. On whole numbers every product is exact, so that the choice of
// points does not depend on the machine. Differs: the first papers take the distance from the infinite line,
// which loses the tip of a stroke that turns back on itself.
double squared_distance(const Position& p, const Position& a, const Position& b) {
  const double along_x = double{b.x} - a.x, along_y = double{b.y} - a.y;
  const double to_x = double{p.x} - a.x, to_y = double{p.y} - a.y;
  const double length = along_x * along_x + along_y * along_y;
  const double dot = to_x * along_x + to_y * along_y;
  if (dot <= 0 || length == 0) return to_x * to_x + to_y * to_y;
  if (dot >= length) {
    const double past_x = double{p.x} - b.x, past_y = double{p.y} - b.y;
    return past_x * past_x + past_y * past_y;
  }
  const double cross = to_x * along_y - to_y * along_x;
  return cross * cross / length;
}

double length_of(std::span<const Position> stroke) {
  double length = 0;
  for (std::size_t i = 1; i < stroke.size(); ++i)
    length += std::hypot(double{stroke[i].x} - stroke[i - 1].x, double{stroke[i].y} - stroke[i - 1].y);
  return length;
}

std::size_t points_in(std::span<const Stroke> strokes) {
  return std::transform_reduce(strokes.begin(), strokes.end(), std::size_t{0}, std::plus<>{},
                               [](const Stroke& stroke) { return stroke.size(); });
}

template <class Change>
std::vector<Stroke> each_changed(std::span<const Stroke> strokes, Change change) {
  std::vector<Stroke> result;
  result.reserve(strokes.size());
  for (const Stroke& stroke : strokes) result.push_back(change(stroke));
  return result;
}

// The longest strokes whose ends fit into max_points, in their order.
std::vector<Stroke> longest_strokes(std::span<const Stroke> strokes, std::int64_t max_points) {
  std::vector<std::size_t> order(strokes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return length_of(strokes[i]); });
  std::int64_t left = max_points;
  std::vector<bool> is_kept(strokes.size());
  for (const std::size_t i : order) {
    const auto ends = static_cast<std::int64_t>(std::min<std::size_t>(strokes[i].size(), 2));
    if (ends > left) break;
    left -= ends;
    is_kept[i] = true;
  }
  std::vector<Stroke> kept;
  for (std::size_t i = 0; i < strokes.size(); ++i)
    if (is_kept[i]) kept.push_back(strokes[i]);
  return kept;
}

}  // namespace

Stroke simplified(std::span<const Position> stroke, double epsilon) {
  if (stroke.size() < 3) return {stroke.begin(), stroke.end()};
  std::vector<bool> is_kept(stroke.size());
  is_kept.front() = is_kept.back() = true;
  // A stack of our own: a spiral of a million points would overflow the program's.
  std::vector<std::pair<std::size_t, std::size_t>> open{{0, stroke.size() - 1}};
  while (!open.empty()) {
    const auto [first, last] = open.back();
    open.pop_back();
    double farthest = epsilon * epsilon;
    std::size_t split = first;
    for (std::size_t i = first + 1; i < last; ++i) {
      const double distance = squared_distance(stroke[i], stroke[first], stroke[last]);
      if (distance > farthest) {
        farthest = distance;
        split = i;
      }
    }
    if (split == first) continue;
    is_kept[split] = true;
    open.emplace_back(first, split);
    open.emplace_back(split, last);
  }
  Stroke result;
  for (std::size_t i = 0; i < stroke.size(); ++i)
    if (is_kept[i]) result.push_back(stroke[i]);
  return result;
}

std::vector<Stroke> simplified(std::span<const Stroke> strokes, double epsilon) {
  return each_changed(strokes, [=](const Stroke& stroke) { return simplified(stroke, epsilon); });
}

Stroke resampled(std::span<const Position> stroke, double spacing) {
  require(spacing > 0, "resampling at a spacing of {}; it must be above 0", spacing);
  // A bound on memory: nobody draws a million points.
  constexpr double kMostPoints = 1e6;
  require(length_of(stroke) / spacing < kMostPoints,
          "a stroke of length {} resampled at {} has too many points; choose a larger spacing", length_of(stroke),
          spacing);
  if (stroke.size() < 2) return {stroke.begin(), stroke.end()};
  Stroke result{stroke.front()};
  double to_next = spacing;  // the way left to the next point
  for (std::size_t i = 1; i < stroke.size(); ++i) {
    const Position a = stroke[i - 1], b = stroke[i];
    const double step_x = double{b.x} - a.x, step_y = double{b.y} - a.y;
    const double length = std::hypot(step_x, step_y);
    double at = to_next;
    for (; at < length; at += spacing) {
      result.push_back(
          {static_cast<float>(a.x + step_x * at / length), static_cast<float>(a.y + step_y * at / length)});
    }
    to_next = at - length;
  }
  result.push_back(stroke.back());
  return result;
}

std::vector<Stroke> resampled(std::span<const Stroke> strokes, double spacing) {
  return each_changed(strokes, [=](const Stroke& stroke) { return resampled(stroke, spacing); });
}

std::vector<Stroke> fitted(std::span<const Stroke> strokes, double size) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  double min_x = kFar, min_y = kFar, max_x = -kFar, max_y = -kFar;
  for (const Stroke& stroke : strokes) {
    for (const Position& p : stroke) {
      min_x = std::min(min_x, double{p.x});
      min_y = std::min(min_y, double{p.y});
      max_x = std::max(max_x, double{p.x});
      max_y = std::max(max_y, double{p.y});
    }
  }
  const double extent = std::max(max_x - min_x, max_y - min_y);
  const double factor = extent > 0 ? size / extent : 1;
  return each_changed(strokes, [&](Stroke stroke) {
    for (Position& p : stroke)
      p = {static_cast<float>((p.x - min_x) * factor), static_cast<float>((p.y - min_y) * factor)};
    return stroke;
  });
}

std::vector<Stroke> limited(std::span<const Stroke> strokes, std::int64_t max_points) {
  require(max_points > 0, "at most {} points; it must be 1 or more", max_points);
  const auto most = static_cast<std::size_t>(max_points);
  if (points_in(strokes) <= most) return {strokes.begin(), strokes.end()};
  std::size_t ends = 0;
  for (const Stroke& stroke : strokes) ends += std::min<std::size_t>(stroke.size(), 2);
  if (ends > most) return limited(longest_strokes(strokes, max_points), max_points);

  // Bisection for the smallest epsilon that is enough. No point is farther from anything than the drawing is
  // large.
  double too_small = 0, enough = 0;
  for (const Stroke& stroke : strokes) enough = std::max(enough, length_of(stroke));
  std::vector<Stroke> best = simplified(strokes, enough);
  constexpr int kHalvings = 40;
  for (int i = 0; i < kHalvings && points_in(best) < most; ++i) {
    const double middle = (too_small + enough) / 2;
    std::vector<Stroke> attempt = simplified(strokes, middle);
    if (points_in(attempt) > most) {
      too_small = middle;
    } else {
      enough = middle;
      best = std::move(attempt);
    }
  }
  return best;
}

Sketch prepared(const Sketch& sketch, const SketchPreparation& p) {
  if (!p.is_scaled && p.spacing == 0 && p.epsilon < 0 && p.max_points == 0) return sketch;
  std::vector<Stroke> strokes = to_strokes(sketch);
  if (p.is_scaled) strokes = fitted(strokes, kQuickDrawSize);
  if (p.spacing > 0) strokes = resampled(strokes, p.spacing);
  if (p.epsilon >= 0) strokes = simplified(strokes, p.epsilon);
  if (p.max_points > 0) strokes = limited(strokes, p.max_points);
  if (p.is_scaled)
    for (Stroke& stroke : strokes)
      for (Position& at : stroke) at = {std::round(at.x), std::round(at.y)};
  return from_strokes(strokes);
}

}  // namespace limn::sketch
