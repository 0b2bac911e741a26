#include "limn/sketch/summary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace limn {
namespace {

std::int64_t stroke_count(const Sketch& sketch) {
  const auto lifts = std::ranges::count(sketch.points, true, &StrokePoint::is_pen_lifted);
  const bool ends_pen_down = !sketch.points.empty() && !sketch.points.back().is_pen_lifted;
  return lifts + (ends_pen_down ? 1 : 0);
}

double median(std::vector<std::int64_t> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  const auto upper = static_cast<double>(values[middle]);
  return values.size() % 2 == 1 ? upper : (upper + static_cast<double>(values[middle - 1])) / 2;
}

void add_offsets(SplitSummary& summary, const std::vector<Sketch>& sketches) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  for (const Sketch& sketch : sketches) {
    for (const StrokePoint& point : sketch.points) {
      if (!std::isfinite(point.dx) || !std::isfinite(point.dy)) {
        ++summary.not_finite;
        continue;
      }
      low = std::min({low, point.dx, point.dy});
      high = std::max({high, point.dx, point.dy});
    }
  }
  if (low > high) return;
  summary.min_offset = low;
  summary.max_offset = high;
}

}  // namespace

SplitSummary summarize(const std::vector<Sketch>& sketches) {
  SplitSummary summary{.sketches = std::ssize(sketches)};
  if (sketches.empty()) return summary;
  std::vector<std::int64_t> lengths, strokes;
  for (const Sketch& sketch : sketches) {
    lengths.push_back(std::ssize(sketch.points));
    strokes.push_back(stroke_count(sketch));
    summary.points += lengths.back();
    summary.strokes += strokes.back();
  }
  const auto count = static_cast<double>(sketches.size());
  summary.min_length = std::ranges::min(lengths);
  summary.max_length = std::ranges::max(lengths);
  summary.mean_length = static_cast<double>(summary.points) / count;
  summary.median_length = median(lengths);
  summary.min_strokes = std::ranges::min(strokes);
  summary.max_strokes = std::ranges::max(strokes);
  summary.mean_strokes = static_cast<double>(summary.strokes) / count;
  add_offsets(summary, sketches);
  return summary;
}

DatasetSummary summarize(const SketchSplits& splits) {
  DatasetSummary summary;
  for (std::size_t i = 0; i < splits.sketches.size(); ++i) summary.splits[i] = summarize(splits.sketches[i]);
  const SplitSummary& train = summary.splits[static_cast<std::size_t>(Split::kTrain)];
  if (train.not_finite == 0) summary.scale_factor = offset_deviation(splits[Split::kTrain]);
  return summary;
}

}  // namespace limn
