#include "limn/sketch/summary.hpp"

#include <algorithm>
#include <cmath>

namespace limn::sketch {
namespace {

std::int64_t stroke_count(const Sketch& sketch) {
  const auto lifts = std::ranges::count(sketch.points, true, &StrokePoint::is_pen_lifted);
  const bool ends_pen_down = !sketch.points.empty() && !sketch.points.back().is_pen_lifted;
  return lifts + (ends_pen_down ? 1 : 0);
}

// Of a histogram: the value, or the mean of the two values, that as many of the `count` lie below as above.
double median(const std::map<std::int64_t, std::int64_t>& histogram, std::int64_t count) {
  const auto value_at = [&](std::int64_t place) {
    auto bin = histogram.begin();
    for (; place >= bin->second; ++bin) place -= bin->second;
    return static_cast<double>(bin->first);
  };
  const double upper = value_at(count / 2);
  return count % 2 == 1 ? upper : (upper + value_at(count / 2 - 1)) / 2;
}

}  // namespace

void SplitSummarizer::add(const Sketch& sketch) {
  const std::int64_t length = std::ssize(sketch.points), strokes = stroke_count(sketch);
  const bool is_first = so_far_.sketches == 0;
  so_far_.min_strokes = is_first ? strokes : std::min(so_far_.min_strokes, strokes);
  so_far_.max_strokes = std::max(so_far_.max_strokes, strokes);
  ++so_far_.sketches;
  so_far_.points += length;
  so_far_.strokes += strokes;
  ++lengths_[length];
  float low = low_, high = high_;
  for (const StrokePoint& point : sketch.points) {
    if (!std::isfinite(point.dx) || !std::isfinite(point.dy)) {
      ++so_far_.not_finite;
      continue;
    }
    low = std::min(low, std::min(point.dx, point.dy));
    high = std::max(high, std::max(point.dx, point.dy));
  }
  low_ = low;
  high_ = high;
}

SplitSummary SplitSummarizer::summary() const {
  SplitSummary summary = so_far_;
  if (summary.sketches == 0) return summary;
  const auto count = static_cast<double>(summary.sketches);
  summary.min_length = lengths_.begin()->first;
  summary.max_length = lengths_.rbegin()->first;
  summary.mean_length = static_cast<double>(summary.points) / count;
  summary.median_length = median(lengths_, summary.sketches);
  summary.mean_strokes = static_cast<double>(summary.strokes) / count;
  if (low_ <= high_) {
    summary.min_offset = low_;
    summary.max_offset = high_;
  }
  return summary;
}

SplitSummary summarize(const std::vector<Sketch>& sketches) {
  SplitSummarizer summarizer;
  for (const Sketch& sketch : sketches) summarizer.add(sketch);
  return summarizer.summary();
}

DatasetSummary summarize(const SketchSplits& splits) {
  DatasetSummary summary;
  for (std::size_t i = 0; i < splits.sketches.size(); ++i) summary.splits[i] = summarize(splits.sketches[i]);
  const SplitSummary& train = summary.splits[static_cast<std::size_t>(Split::kTrain)];
  if (train.not_finite == 0) summary.scale_factor = offset_deviation(splits[Split::kTrain]);
  return summary;
}

}  // namespace limn::sketch
