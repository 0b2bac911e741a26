#include "limn/sketch/simplify.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/sketch/significance.hpp"

namespace limn::sketch {
namespace {

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

// Bounds on memory: nobody draws so many points.
constexpr double kMostOfStroke = 1e6;
constexpr double kMostOfSketch = 1e7;

void check_spacing(double length, double spacing, double most) {
  require(spacing > 0, "resampling at a spacing of {}; it must be above 0", spacing);
  require(length / spacing < most, "a length of {} resampled at {} takes more than {:.0f} points; use a larger spacing",
          length, spacing, most);
}

Stroke kept_points(std::span<const Position> stroke, const Significance& of, double squared_epsilon) {
  Stroke kept;
  for (std::size_t i = 0; i < stroke.size(); ++i)
    if (i == 0 || i + 1 == stroke.size() || of.squared[i] > squared_epsilon) kept.push_back(stroke[i]);
  return kept;
}

double distance(Position a, Position b) { return std::hypot(double{a.x} - b.x, double{a.y} - b.y); }

// A closed stroke of which only the ends are left would be a dot: it becomes a line to its farthest point.
Stroke with_length(Stroke kept, std::span<const Position> stroke) {
  const bool is_dot = std::ranges::all_of(kept, [&](Position p) { return p == kept.front(); });
  if (kept.size() < 2 || !is_dot) return kept;
  kept.back() = *std::ranges::max_element(stroke, {}, [&](Position p) { return distance(p, kept.front()); });
  return kept;
}

// The longest strokes whose ends fit into max_points, in their order.
std::vector<Stroke> longest_strokes(std::span<const Stroke> strokes, std::int64_t max_points) {
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < strokes.size(); ++i) order.emplace_back(length_of(strokes[i]), i);
  std::ranges::stable_sort(order, std::ranges::greater{}, [](const auto& stroke) { return stroke.first; });
  std::int64_t left = max_points;
  std::vector<bool> is_kept(strokes.size());
  for (const auto& [length, i] : order) {
    const auto ends = static_cast<std::int64_t>(std::min<std::size_t>(strokes[i].size(), 2));
    if (ends > left) break;
    left -= ends;
    is_kept[i] = true;
  }
  std::vector<Stroke> kept;
  for (std::size_t i = 0; i < strokes.size(); ++i)
    if (is_kept[i]) kept.push_back(strokes[i]);
  // One point is a dot where the longest stroke begins.
  if (kept.empty() && !order.empty()) kept.push_back({strokes[order.front().second].front()});
  return kept;
}

// The number of one digit that is nearest.
double with_one_digit(double value) {
  const double unit = std::pow(10.0, std::floor(std::log10(value)));
  return std::round(value / unit) * unit;
}

}  // namespace

Stroke simplified(std::span<const Position> stroke, double epsilon) {
  const double squared = epsilon * epsilon;
  return kept_points(stroke, significance(stroke, squared), squared);
}

std::vector<Stroke> simplified(std::span<const Stroke> strokes, double epsilon) {
  return each_changed(strokes, [=](const Stroke& stroke) { return simplified(stroke, epsilon); });
}

Sketch simplified(const Sketch& sketch, double epsilon) {
  return from_strokes(simplified(to_strokes(sketch), epsilon));
}

Stroke resampled(std::span<const Position> stroke, double spacing) {
  check_spacing(length_of(stroke), spacing, kMostOfStroke);
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
  double length = 0;
  for (const Stroke& stroke : strokes) length += length_of(stroke);
  check_spacing(length, spacing, kMostOfSketch);
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
  std::vector<Significance> points;
  std::vector<double> squared;  // of all points but the ends, ascending
  double too_small = 0, enough = 0;
  for (const Stroke& stroke : strokes) {
    const std::vector<double>& more = points.emplace_back(significance(stroke, 0)).squared;
    if (more.size() > 2) squared.insert(squared.end(), more.begin() + 1, more.end() - 1);
    enough = std::max(enough, length_of(stroke));
  }
  std::ranges::sort(squared);
  const auto kept = [&](double epsilon) {
    return ends + static_cast<std::size_t>(squared.end() - std::ranges::upper_bound(squared, epsilon * epsilon));
  };
  constexpr int kHalvings = 40;
  for (int i = 0; i < kHalvings && kept(enough) < most; ++i) {
    const double middle = (too_small + enough) / 2;
    (kept(middle) > most ? too_small : enough) = middle;
  }
  std::vector<Stroke> result;
  for (std::size_t i = 0; i < strokes.size(); ++i)
    result.push_back(with_length(kept_points(strokes[i], points[i], enough * enough), strokes[i]));
  return result;
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

std::optional<SimplifySaving> simplify_saving(std::int64_t count, const std::function<Sketch(std::int64_t)>& sketch) {
  std::vector<Sketch> some;
  std::vector<float> sides;
  const std::int64_t wanted = std::min(count, kMostForSaving);
  for (std::int64_t i = 0; i < wanted; ++i) {
    Sketch one = sketch(i * count / wanted);
    const auto box = bounds(one);
    const float side = box ? std::max(box->width(), box->height()) : 0;
    if (!(side > 0) || !std::isfinite(side)) continue;
    sides.push_back(side);
    some.push_back(std::move(one));
  }
  if (sides.empty()) return std::nullopt;
  const auto middle = sides.begin() + std::ssize(sides) / 2;
  std::ranges::nth_element(sides, middle);
  SimplifySaving saving{.epsilon = with_one_digit(2 * kQuickDrawPreparation.epsilon / kQuickDrawSize * *middle)};
  for (const Sketch& one : some) {
    saving.points += static_cast<double>(one.points.size());
    saving.points_left += static_cast<double>(simplified(one, saving.epsilon).points.size());
  }
  if (saving.points_left > kWorthwhileShare * saving.points) return std::nullopt;
  saving.points /= static_cast<double>(some.size());
  saving.points_left /= static_cast<double>(some.size());
  return saving;
}

}  // namespace limn::sketch
