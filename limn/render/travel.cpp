#include "limn/render/travel.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace limn::render {
namespace {

// Pairs that 2-opt may look at: about a second.
constexpr std::int64_t kMaxPairs = 200'000'000;

double distance(PicturePoint a, PicturePoint b) { return std::hypot(a.x - b.x, a.y - b.y); }

PicturePoint entry(std::span<const StrokeEnds> strokes, StrokeVisit visit) {
  const StrokeEnds& ends = strokes[visit.stroke];
  return visit.is_reversed ? ends.last : ends.first;
}

PicturePoint leaving(std::span<const StrokeEnds> strokes, StrokeVisit visit) {
  const StrokeEnds& ends = strokes[visit.stroke];
  return visit.is_reversed ? ends.first : ends.last;
}

std::vector<StrokeVisit> nearest_neighbour(std::span<const StrokeEnds> strokes, PicturePoint home) {
  std::vector<std::size_t> left(strokes.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = i;
  std::vector<StrokeVisit> visits;
  visits.reserve(strokes.size());
  PicturePoint pen = home;
  while (!left.empty()) {
    double best = std::numeric_limits<double>::infinity();
    std::size_t place = 0;
    bool is_reversed = false;
    for (std::size_t i = 0; i < left.size(); ++i) {
      const double to_first = distance(pen, strokes[left[i]].first);
      const double to_last = distance(pen, strokes[left[i]].last);
      if (std::min(to_first, to_last) >= best) continue;
      best = std::min(to_first, to_last);
      place = i;
      is_reversed = to_last < to_first;
    }
    visits.push_back({left[place], is_reversed});
    pen = leaving(strokes, visits.back());
    left[place] = left.back();
    left.pop_back();
  }
  return visits;
}

// Reversing visits i … j also turns each of their strokes, so only the two ways at its ends change.
void improve(std::span<const StrokeEnds> strokes, std::vector<StrokeVisit>& visits, PicturePoint home) {
  constexpr double kWorthwhile = 1e-9;
  std::int64_t pairs = 0;
  bool has_improved = true;
  while (has_improved && pairs < kMaxPairs) {
    has_improved = false;
    for (std::size_t i = 0; i < visits.size(); ++i) {
      const PicturePoint before = i == 0 ? home : leaving(strokes, visits[i - 1]);
      for (std::size_t j = i; j < visits.size(); ++j) {
        const PicturePoint after = j + 1 == visits.size() ? home : entry(strokes, visits[j + 1]);
        const PicturePoint first = entry(strokes, visits[i]);
        const PicturePoint last = leaving(strokes, visits[j]);
        const double now = distance(before, first) + distance(last, after);
        const double turned = distance(before, last) + distance(first, after);
        if (turned >= now - kWorthwhile) continue;
        const auto begin = visits.begin() + static_cast<std::ptrdiff_t>(i);
        const auto end = visits.begin() + static_cast<std::ptrdiff_t>(j) + 1;
        std::reverse(begin, end);
        std::for_each(begin, end, [](StrokeVisit& visit) { visit.is_reversed = !visit.is_reversed; });
        has_improved = true;
      }
      pairs += static_cast<std::int64_t>(visits.size() - i);
      if (pairs >= kMaxPairs) return;
    }
  }
}

}  // namespace

double travel_length(std::span<const StrokeEnds> strokes, std::span<const StrokeVisit> visits, PicturePoint home) {
  double length = 0;
  PicturePoint pen = home;
  for (const StrokeVisit visit : visits) {
    length += distance(pen, entry(strokes, visit));
    pen = leaving(strokes, visit);
  }
  return length + distance(pen, home);
}

std::vector<StrokeVisit> order_strokes(std::span<const StrokeEnds> strokes, PicturePoint home) {
  std::vector<StrokeVisit> given(strokes.size());
  for (std::size_t i = 0; i < given.size(); ++i) given[i].stroke = i;
  std::vector<StrokeVisit> visits = nearest_neighbour(strokes, home);
  if (travel_length(strokes, given, home) < travel_length(strokes, visits, home)) visits = std::move(given);
  improve(strokes, visits, home);
  return visits;
}

}  // namespace limn::render
