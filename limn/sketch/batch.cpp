#include <algorithm>
#include <cassert>
#include <numeric>

#include "limn/sketch/dataset.hpp"

namespace limn::sketch {
namespace {

using Row = std::array<float, kStroke5>;
constexpr Row kStartRow{0, 0, 1, 0, 0};
constexpr Row kEndRow{0, 0, 0, 0, 1};

Row stroke5(const StrokePoint& point) {
  const float lifted = point.is_pen_lifted ? 1.0f : 0.0f;
  return {point.dx, point.dy, 1 - lifted, lifted, 0};
}

std::int64_t length_of(const Sketch* sketch) { return static_cast<std::int64_t>(sketch->points.size()); }

// The places of `sketches`, longest first, equal lengths in the order given.
std::vector<std::size_t> longest_first(std::span<const Sketch* const> sketches) {
  std::vector<std::size_t> order(sketches.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return length_of(sketches[a]) > length_of(sketches[b]); });
  return order;
}

}  // namespace

StrokeBatch make_batch(std::span<const Sketch* const> sketches, std::span<const std::int64_t> indices) {
  assert(indices.empty() || indices.size() == sketches.size());
  const std::vector<std::size_t> order = longest_first(sketches);
  StrokeBatch batch;
  std::int64_t rows = 0;
  for (const std::size_t place : order) {
    if (!indices.empty()) batch.indices.push_back(indices[place]);
    batch.lengths.push_back(length_of(sketches[place]));
    rows += batch.lengths.back() + 1;
  }
  batch.inputs.reserve(static_cast<std::size_t>(rows * kStroke5));
  batch.targets.reserve(static_cast<std::size_t>(rows * kStroke5));

  const std::int64_t longest = batch.lengths.empty() ? -1 : batch.lengths.front();
  std::size_t active = order.size();
  for (std::int64_t t = 0; t <= longest; ++t) {
    while (batch.lengths[active - 1] < t) --active;  // sketch 0 has the longest, so active stays above 0
    batch.active.push_back(static_cast<std::int64_t>(active));
    for (std::size_t b = 0; b < active; ++b) {
      const std::vector<StrokePoint>& points = sketches[order[b]]->points;
      const auto step = static_cast<std::size_t>(t);
      const Row input = step == 0 ? kStartRow : stroke5(points[step - 1]);
      const Row target = step == points.size() ? kEndRow : stroke5(points[step]);
      batch.inputs.insert(batch.inputs.end(), input.begin(), input.end());
      batch.targets.insert(batch.targets.end(), target.begin(), target.end());
    }
  }
  return batch;
}

}  // namespace limn::sketch
