#include "limn/render/travel.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace limn::render {
namespace {

// Pairs that 2-opt may look at, and visits that it may move: about half a second.
constexpr std::int64_t kMaxPairs = 60'000'000;

// Not std::hypot(), which takes four times as long: no drawing is so large that the squares overflow.
double distance(PicturePoint a, PicturePoint b) {
  return std::sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));
}

PicturePoint entry(std::span<const StrokeEnds> strokes, StrokeVisit visit) {
  const StrokeEnds& ends = strokes[visit.stroke];
  return visit.is_reversed ? ends.last : ends.first;
}

PicturePoint leaving(std::span<const StrokeEnds> strokes, StrokeVisit visit) {
  const StrokeEnds& ends = strokes[visit.stroke];
  return visit.is_reversed ? ends.first : ends.last;
}

// Ends of strokes, from which the nearest to a place is taken away again and again. A balanced k-d tree in one array:
// the node of a range is its middle, and what lies before and after the middle are its subtrees.
class EndsLeft {
 public:
  explicit EndsLeft(std::span<const StrokeEnds> strokes) : strokes_(strokes), order_(2 * strokes.size()) {
    for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = i;
    left_.resize(order_.size());
    place_.resize(order_.size());
    build(0, order_.size(), true);
    for (std::size_t at = 0; at < order_.size(); ++at) place_[order_[at]] = at;
  }

  // The stroke with the end nearest to `pen`, begun there. Some stroke must be left.
  StrokeVisit take_nearest(PicturePoint pen) {
    best_ = std::numeric_limits<double>::infinity();
    search(pen, 0, order_.size(), true);
    const StrokeVisit visit{.stroke = nearest_ / 2, .is_reversed = nearest_ % 2 == 1};
    remove(2 * visit.stroke);
    remove(2 * visit.stroke + 1);
    return visit;
  }

 private:
  [[nodiscard]] PicturePoint point(std::size_t end) const {
    return end % 2 == 0 ? strokes_[end / 2].first : strokes_[end / 2].last;
  }
  static double coordinate(PicturePoint p, bool is_x) { return is_x ? p.x : p.y; }

  void build(std::size_t low, std::size_t high, bool is_x) {
    if (low == high) return;
    const std::size_t middle = low + (high - low) / 2;
    const auto at = [&](std::size_t i) { return order_.begin() + static_cast<std::ptrdiff_t>(i); };
    std::nth_element(at(low), at(middle), at(high), [&](std::size_t a, std::size_t b) {
      const double x = coordinate(point(a), is_x), y = coordinate(point(b), is_x);
      return x < y || (x == y && a < b);
    });
    left_[middle] = high - low;
    build(low, middle, !is_x);
    build(middle + 1, high, !is_x);
  }

  [[nodiscard]] std::size_t left(std::size_t low, std::size_t high) const {
    return low == high ? 0 : left_[low + (high - low) / 2];
  }

  void search(PicturePoint pen, std::size_t low, std::size_t high, bool is_x) {
    if (left(low, high) == 0) return;
    const std::size_t middle = low + (high - low) / 2;
    // A node that was taken away counts no more than its subtrees do.
    const bool is_left = left_[middle] > left(low, middle) + left(middle + 1, high);
    const PicturePoint node = point(order_[middle]);
    if (const double d = distance(pen, node); is_left && d < best_) {
      best_ = d;
      nearest_ = order_[middle];
    }
    const double beyond = coordinate(pen, is_x) - coordinate(node, is_x);
    const auto before = [&] { search(pen, low, middle, !is_x); };
    const auto after = [&] { search(pen, middle + 1, high, !is_x); };
    if (beyond < 0) {
      before();
      if (-beyond < best_) after();
    } else {
      after();
      if (beyond < best_) before();
    }
  }

  void remove(std::size_t end) {
    const std::size_t place = place_[end];
    for (std::size_t low = 0, high = order_.size(); low < high;) {
      const std::size_t middle = low + (high - low) / 2;
      --left_[middle];
      if (place == middle) return;
      (place < middle ? high : low) = place < middle ? middle : middle + 1;
    }
  }

  std::span<const StrokeEnds> strokes_;
  std::vector<std::size_t> order_;  // 2 · stroke for its first point, + 1 for its last
  std::vector<std::size_t> left_;   // of the subtree of the node at that place
  std::vector<std::size_t> place_;  // of each end in order_
  double best_ = 0;
  std::size_t nearest_ = 0;
};

std::vector<StrokeVisit> nearest_neighbour(std::span<const StrokeEnds> strokes, PicturePoint home) {
  EndsLeft ends(strokes);
  std::vector<StrokeVisit> visits;
  visits.reserve(strokes.size());
  PicturePoint pen = home;
  while (visits.size() < strokes.size()) {
    visits.push_back(ends.take_nearest(pen));
    pen = leaving(strokes, visits.back());
  }
  return visits;
}

// Reversing visits i … j also turns each of their strokes, so only the two ways at its ends change.
void improve(std::span<const StrokeEnds> strokes, std::vector<StrokeVisit>& visits, PicturePoint home) {
  constexpr double kWorthwhile = 1e-9;
  // A pass over all pairs may take a quarter of the work; of more strokes each looks no further than this.
  const std::size_t n = visits.size(), reach = std::max<std::size_t>(
                                           1, static_cast<std::size_t>(kMaxPairs) / 4 / std::max<std::size_t>(1, n));
  std::int64_t work = 0;
  bool has_improved = true;
  while (has_improved) {
    has_improved = false;
    for (std::size_t i = 0; i < n; ++i) {
      const PicturePoint before = i == 0 ? home : leaving(strokes, visits[i - 1]);
      const std::size_t end = std::min(n, i + reach);
      for (std::size_t j = i; j < end; ++j) {
        const PicturePoint after = j + 1 == n ? home : entry(strokes, visits[j + 1]);
        const PicturePoint first = entry(strokes, visits[i]);
        const PicturePoint last = leaving(strokes, visits[j]);
        const double now = distance(before, first) + distance(last, after);
        const double turned = distance(before, last) + distance(first, after);
        if (turned >= now - kWorthwhile) continue;
        const auto from = visits.begin() + static_cast<std::ptrdiff_t>(i);
        const auto to = visits.begin() + static_cast<std::ptrdiff_t>(j) + 1;
        std::reverse(from, to);
        std::for_each(from, to, [](StrokeVisit& visit) { visit.is_reversed = !visit.is_reversed; });
        work += to - from;
        has_improved = true;
      }
      work += static_cast<std::int64_t>(end - i);
      if (work >= kMaxPairs) return;
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
