#include "limn/models/stroke_orders.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace limn::models {
namespace {

// Ends so near to each other, as a share of the line's longer side, close it. A hand rarely meets its beginning.
constexpr double kGap = 0.2;
constexpr std::size_t kFewestOfClosed = 6;

bool is_closed(const sketch::Stroke& stroke) {
  if (stroke.size() < kFewestOfClosed) return false;
  const auto [left, right] = std::ranges::minmax(stroke, {}, &sketch::Position::x);
  const auto [top, bottom] = std::ranges::minmax(stroke, {}, &sketch::Position::y);
  const double longer = std::max(right.x - left.x, bottom.y - top.y);
  return std::hypot(stroke.front().x - stroke.back().x, stroke.front().y - stroke.back().y) <= kGap * longer;
}

// A closed line from its point `first` round to that point again.
sketch::Stroke from(const sketch::Stroke& stroke, std::size_t first) {
  sketch::Stroke turned(stroke.begin() + static_cast<std::ptrdiff_t>(first), stroke.end());
  if (first == 0) return turned;
  const std::ptrdiff_t repeated = stroke.front() == stroke.back() ? 1 : 0;
  turned.insert(turned.end(), stroke.begin() + repeated, stroke.begin() + static_cast<std::ptrdiff_t>(first) + 1);
  return turned;
}

}  // namespace

std::vector<sketch::Stroke> stroke_orders(const sketch::Stroke& stroke) {
  std::vector<sketch::Stroke> orders{stroke};
  if (stroke.size() < 2) return orders;
  const bool closed = is_closed(stroke);
  const auto at = [&](auto found) { return static_cast<std::size_t>(found - stroke.begin()); };
  std::set<std::size_t> starts{0};
  if (closed) {
    starts.insert(at(std::ranges::min_element(stroke, {}, &sketch::Position::y)));
    starts.insert(at(std::ranges::min_element(stroke, {}, &sketch::Position::x)));
    starts.insert(at(std::ranges::max_element(stroke, {}, &sketch::Position::y)));
    starts.insert(at(std::ranges::max_element(stroke, {}, &sketch::Position::x)));
  }
  for (const std::size_t start : starts) {
    sketch::Stroke turned = from(stroke, start);
    if (start != 0) orders.push_back(turned);
    std::ranges::reverse(turned);
    orders.push_back(std::move(turned));
  }
  return orders;
}

}  // namespace limn::models
