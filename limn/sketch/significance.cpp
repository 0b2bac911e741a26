#include "limn/sketch/significance.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace limn::sketch {
namespace {

constexpr std::size_t kLeaf = 16;       // points of the smallest boxes
constexpr std::size_t kFewPoints = 64;  // looked at one by one: boxes do not pay

constexpr double kExactExtent = 4096;  // the square of any cross product fits into a double

bool is_whole(float value) { return value == std::trunc(value); }

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

// Around consecutive points, those left out that have no numbers for coordinates.
struct Box {
  float min_x = std::numeric_limits<float>::infinity(), min_y = min_x;
  float max_x = -min_x, max_y = -min_x;
  // A circle around the same points. It is the closer one where the pen goes round and round.
  Position centre = {};
  double radius = 0;
};

Box box_of(std::span<const Position> points) {
  Box box;
  for (const Position& p : points) {
    box.min_x = std::min(box.min_x, p.x);
    box.min_y = std::min(box.min_y, p.y);
    box.max_x = std::max(box.max_x, p.x);
    box.max_y = std::max(box.max_y, p.y);
  }
  box.centre = {(box.min_x + box.max_x) / 2, (box.min_y + box.max_y) / 2};
  double squared = 0;
  for (const Position& p : points) squared = std::max(squared, squared_distance(p, box.centre, box.centre));
  box.radius = std::sqrt(squared);
  return box;
}

// Finds the point of a part that is farthest from its chord. Consecutive points lie in boxes, two of them in a larger
// one, and so on. Within a box no distance from a segment is larger than at one of its corners, so most boxes need no
// second look.
class Splitter {
 public:
  explicit Splitter(std::span<const Position> stroke) : stroke_(stroke) {
    if (stroke.size() <= kFewPoints) return;
    for (std::size_t size = kLeaf; levels_.empty() || levels_.back().size() > 1; size *= 2) {
      std::vector<Box>& boxes = levels_.emplace_back();
      for (std::size_t i = 0; i < stroke.size(); i += size)
        boxes.push_back(box_of(stroke.subspan(i, std::min(size, stroke.size() - i))));
      distances_ += std::ssize(stroke);
    }
    const Box& all = levels_.back().front();
    const double width = double{all.max_x} - all.min_x, height = double{all.max_y} - all.min_y;
    rounding_ = 1e-14 * std::hypot(width, height);
    is_exact_ = std::max(width, height) <= kExactExtent &&
                std::ranges::all_of(stroke, [](const Position& p) { return is_whole(p.x) && is_whole(p.y); });
  }

  struct Farthest {
    double distance;    // squared
    std::size_t index;  // the first point at this distance
  };

  // Among the points between `first` and `last`, if it is farther than `least`, a squared distance; else `first`.
  Farthest farthest(std::size_t first, std::size_t last, double least) {
    first_ = first;
    last_ = last;
    best_ = {least, first};
    if (last - first <= kFewPoints) {
      look_at(first + 1, last);
      return best_;
    }
    // The smallest boxes of which at most three hold the part.
    const auto level = static_cast<std::size_t>(std::bit_width((last - first) / (2 * kLeaf)));
    for (std::size_t i = first / (kLeaf << level); i <= last / (kLeaf << level); ++i) look_into(level, i);
    return best_;
  }

  [[nodiscard]] std::int64_t distances() const { return distances_; }

 private:
  void look_at(std::size_t begin, std::size_t end) {
    const Position a = stroke_[first_], b = stroke_[last_];
    for (std::size_t i = begin; i < end; ++i) {
      const double distance = squared_distance(stroke_[i], a, b);
      const bool is_earlier = distance == best_.distance && i < best_.index;
      if (distance > best_.distance || is_earlier) best_ = {distance, i};
    }
    distances_ += static_cast<std::int64_t>(end > begin ? end - begin : 0);
  }

  // No computed distance of a point in the box is larger.
  double bound(const Box& box) {
    const Position a = stroke_[first_], b = stroke_[last_];
    double most = 0;
    for (const float x : {box.min_x, box.max_x})
      for (const float y : {box.min_y, box.max_y}) {
        const double distance = squared_distance({x, y}, a, b);
        if (std::isnan(distance)) return distance;
        most = std::max(most, distance);
      }
    const double round = std::sqrt(squared_distance(box.centre, a, b)) + box.radius + rounding_;
    distances_ += 5;
    const double corner = std::sqrt(most) + rounding_;
    return std::min(is_exact_ ? most : corner * corner, round * round);
  }

  // Written so that a bound that is not a number rules nothing out.
  [[nodiscard]] bool is_ruled_out(double bound, std::size_t begin) const {
    return bound < best_.distance || (bound == best_.distance && begin > best_.index);
  }

  void look_into(std::size_t level, std::size_t i) {
    const std::size_t begin = std::max(i * (kLeaf << level), first_ + 1);
    const std::size_t end = std::min((i + 1) * (kLeaf << level), last_);
    if (begin >= end) return;
    if (level == 0) return look_at(begin, end);
    --level;
    const std::vector<Box>& boxes = levels_[level];
    std::array<std::pair<double, std::size_t>, 2> halves{{{bound(boxes[2 * i]), 2 * i}, {-1, 2 * i + 1}}};
    if (2 * i + 1 < boxes.size()) halves[1].first = bound(boxes[2 * i + 1]);
    if (halves[1].first > halves[0].first) std::swap(halves[0], halves[1]);
    for (const auto& [most, half] : halves)
      if (!is_ruled_out(most, half * (kLeaf << level))) look_into(level, half);
  }

  std::span<const Position> stroke_;
  std::vector<std::vector<Box>> levels_;
  double rounding_ = 0;    // how far a computed distance may be off
  bool is_exact_ = false;  // it is not, but for the last bit of a quotient: whole numbers of not too many digits
  std::int64_t distances_ = 0;
  // The part that is looked at.
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  Farthest best_{};
};

struct Part {
  std::size_t first;
  std::size_t last;
  double most;  // the least squared distance of the splits that made it
};

}  // namespace

Significance significance(std::span<const Position> stroke, double least) {
  constexpr double kAlways = std::numeric_limits<double>::infinity();
  Significance result;
  result.squared.assign(stroke.size(), 0);
  if (stroke.empty()) return result;
  result.squared.front() = result.squared.back() = kAlways;
  Splitter splitter(stroke);
  const std::int64_t most_distances = kMostDistances * std::ssize(stroke);
  // A stack of our own: a spiral of a million points would overflow the program's.
  std::vector<Part> open{{0, stroke.size() - 1, kAlways}};
  while (!open.empty()) {
    const Part part = open.back();
    open.pop_back();
    const bool is_exact = splitter.distances() < most_distances;
    auto [distance, split] = splitter.farthest(part.first, part.last, least);
    if (split == part.first) continue;
    if (!is_exact) split = (part.first + part.last) / 2;
    const double most = std::min(part.most, distance);
    result.squared[split] = most;
    open.push_back({part.first, split, most});
    open.push_back({split, part.last, most});
  }
  result.distances = splitter.distances();
  return result;
}

}  // namespace limn::sketch
