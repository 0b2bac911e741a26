#include "limn/render/curve.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace limn::render {
namespace {

// The part of a segment inside the box (Liang & Barsky 1984), or nothing.
std::optional<std::pair<PicturePoint, PicturePoint>> clip_segment(PicturePoint a, PicturePoint b, const PlotBox& box) {
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const std::array<double, 4> towards{-dx, dx, -dy, dy};
  const std::array<double, 4> room{a.x - box.left, box.right - a.x, a.y - box.top, box.bottom - a.y};
  double enter = 0;
  double leave = 1;
  for (std::size_t i = 0; i < 4; ++i) {
    if (towards[i] == 0) {
      if (room[i] < 0) return std::nullopt;
      continue;
    }
    const double t = room[i] / towards[i];
    if (towards[i] < 0) enter = std::max(enter, t);
    if (towards[i] > 0) leave = std::min(leave, t);
  }
  if (enter > leave) return std::nullopt;
  return std::pair{PicturePoint{a.x + enter * dx, a.y + enter * dy}, PicturePoint{a.x + leave * dx, a.y + leave * dy}};
}

}  // namespace

std::vector<std::vector<PicturePoint>> clip_curve(std::span<const PicturePoint> curve, const PlotBox& box) {
  std::vector<std::vector<PicturePoint>> pieces;
  if (curve.size() == 1 && clip_segment(curve[0], curve[0], box)) pieces.push_back({curve[0]});
  for (std::size_t i = 1; i < curve.size(); ++i) {
    const auto segment = clip_segment(curve[i - 1], curve[i], box);
    if (!segment) continue;
    if (pieces.empty() || pieces.back().back() != segment->first) pieces.push_back({segment->first});
    pieces.back().push_back(segment->second);
  }
  return pieces;
}

std::vector<PicturePoint> thin_curve(std::span<const PicturePoint> curve) {
  std::vector<PicturePoint> kept;
  for (std::size_t first = 0; first < curve.size();) {
    std::size_t end = first;
    std::size_t low = first;
    std::size_t high = first;
    while (end < curve.size() && std::floor(curve[end].x) == std::floor(curve[first].x)) {
      if (curve[end].y < curve[low].y) low = end;
      if (curve[end].y > curve[high].y) high = end;
      ++end;
    }
    std::array<std::size_t, 4> chosen{first, std::min(low, high), std::max(low, high), end - 1};
    const auto last = std::unique(chosen.begin(), chosen.end());
    std::for_each(chosen.begin(), last, [&](std::size_t i) { kept.push_back(curve[i]); });
    first = end;
  }
  return kept;
}

std::vector<double> running_mean(std::span<const double> values, std::size_t half) {
  std::vector<double> sums{0};
  std::vector<std::size_t> counts{0};
  for (const double value : values) {
    sums.push_back(sums.back() + (std::isfinite(value) ? value : 0));
    counts.push_back(counts.back() + (std::isfinite(value) ? 1 : 0));
  }
  std::vector<double> means(values.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    const std::size_t reach = std::min(half, i);
    const std::size_t first = i - reach;
    const std::size_t end = std::min(values.size(), i + reach + 1);
    means[i] = (sums[end] - sums[first]) / static_cast<double>(counts[end] - counts[first]);
  }
  return means;
}

}  // namespace limn::render
