#include "limn/sketch/ink_map.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

namespace limn::sketch {
namespace {

constexpr double kSamplesOfACell = 2;  // points taken along a cell's side: a line crosses few cells unseen
constexpr std::size_t kPlane = std::size_t{kInkSide} * kInkSide;
constexpr std::size_t kPlaces = kPlane * kInkDirections;

struct Line {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

// What the pen draws, in double: positions are sums of offsets.
std::vector<Line> drawn_lines(const Sketch& sketch) {
  std::vector<Line> lines;
  double x = 0, y = 0;
  bool is_down = false;
  for (const StrokePoint& point : sketch.points) {
    const Line line{.x0 = x, .y0 = y, .x1 = x + point.dx, .y1 = y + point.dy};
    if (is_down && (line.x0 != line.x1 || line.y0 != line.y1)) lines.push_back(line);
    x = line.x1;
    y = line.y1;
    is_down = !point.is_pen_lifted;
  }
  return lines;
}

// The square around all lines: its upper left corner and its side, above 0.
struct Box {
  double left = 0, top = 0, side = 0;
};
Box box_of(const std::vector<Line>& lines) {
  double left = INFINITY, right = -INFINITY, top = INFINITY, bottom = -INFINITY;
  for (const Line& line : lines) {
    left = std::min({left, line.x0, line.x1});
    right = std::max({right, line.x0, line.x1});
    top = std::min({top, line.y0, line.y1});
    bottom = std::max({bottom, line.y0, line.y1});
  }
  const double width = right - left, height = bottom - top, side = std::max(width, height);
  return {.left = left - (side - width) / 2, .top = top - (side - height) / 2, .side = side};
}

std::size_t cell_at(double share) {
  return static_cast<std::size_t>(std::clamp(share * kInkSide, 0.0, kInkSide - 1.0));
}

// Of 0 … kInkDirections − 1, the nearest to the line's angle.
std::size_t direction_of(const Line& line) {
  const double turns = std::atan2(line.y1 - line.y0, line.x1 - line.x0) / std::numbers::pi;  // in [−1, 1]
  const auto steps = static_cast<int>(std::lround(turns * kInkDirections));
  return static_cast<std::size_t>((steps + kInkDirections) % kInkDirections);
}

// The squares of differences along an axis of cells, and around the circle of directions, in cells.
constexpr auto kSquares = [] {
  std::array<std::int16_t, 2 * kInkSide - 1> squares{};
  for (int i = 0; i < 2 * kInkSide - 1; ++i) {
    const int difference = i - (kInkSide - 1);
    squares[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(difference * difference);
  }
  return squares;
}();
std::int16_t turn_square(std::size_t a, std::size_t b) {
  const int apart = std::abs(static_cast<int>(a) - static_cast<int>(b));
  const int turn = kInkTurn * std::min(apart, kInkDirections - apart);
  return static_cast<std::int16_t>(turn * turn);
}

std::vector<float> distances_to(const std::vector<std::uint16_t>& cells) {
  std::vector<std::int16_t> squares(kPlaces, std::numeric_limits<std::int16_t>::max());
  for (const std::size_t cell : cells) {
    const std::size_t direction = cell / kPlane, row = cell % kPlane / kInkSide, column = cell % kInkSide;
    const std::int16_t* const across = &kSquares[kInkSide - 1 - column];
    for (std::size_t d = 0; d < kInkDirections; ++d)
      for (std::size_t y = 0; y < kInkSide; ++y) {
        std::int16_t* const out = &squares[d * kPlane + y * kInkSide];
        const auto base = static_cast<std::int16_t>(turn_square(d, direction) + kSquares[kInkSide - 1 + y - row]);
        for (std::size_t x = 0; x < kInkSide; ++x)
          out[x] = std::min(out[x], static_cast<std::int16_t>(base + across[x]));
      }
  }
  std::vector<float> distances(kPlaces);
  for (std::size_t i = 0; i < kPlaces; ++i) distances[i] = std::sqrt(static_cast<float>(squares[i]));
  return distances;
}

}  // namespace

InkMap::InkMap(const Sketch& sketch) {
  const std::vector<Line> lines = drawn_lines(sketch);
  if (lines.empty()) return;
  const Box box = box_of(lines);
  for (const Line& line : lines) {
    const std::size_t direction = direction_of(line);
    const double length = std::hypot(line.x1 - line.x0, line.y1 - line.y0) / box.side * kInkSide;
    const auto samples = std::max(1, static_cast<int>(std::ceil(length * kSamplesOfACell)));
    for (int i = 0; i < samples; ++i) {
      const double share = (i + 0.5) / samples;
      const std::size_t column = cell_at((line.x0 + share * (line.x1 - line.x0) - box.left) / box.side);
      const std::size_t row = cell_at((line.y0 + share * (line.y1 - line.y0) - box.top) / box.side);
      cells_.push_back(static_cast<std::uint16_t>((direction * kInkSide + row) * kInkSide + column));
    }
  }
  std::ranges::sort(cells_);
  const auto repeated = std::ranges::unique(cells_);
  cells_.erase(repeated.begin(), repeated.end());
  nearest_ = distances_to(cells_);
}

double InkMap::directed_distance(const InkMap& other) const {
  double sum = 0;
  for (const std::uint16_t cell : cells_) sum += other.nearest_[cell];
  return sum / static_cast<double>(cells_.size());
}

double ink_distance(const InkMap& a, const InkMap& b) {
  if (a.is_blank() || b.is_blank()) return INFINITY;
  return std::max(a.directed_distance(b), b.directed_distance(a)) / kInkSide;
}

}  // namespace limn::sketch
