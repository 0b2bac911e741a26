// The summary of a data set, for `limn data info`: figures of the file as it is, before anything is dropped or
// scaled.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include "limn/sketch/dataset.hpp"

namespace limn::sketch {

struct SplitSummary {
  std::int64_t sketches = 0;
  std::int64_t points = 0;
  std::int64_t strokes = 0;
  std::int64_t min_length = 0;  // points of the shortest sketch, and so on; all 0 for an empty split
  std::int64_t max_length = 0;
  double mean_length = 0;
  double median_length = 0;  // of two middle ones the mean
  std::int64_t min_strokes = 0;
  std::int64_t max_strokes = 0;
  double mean_strokes = 0;
  float min_offset = 0;  // of dx and dy together, of those that are numbers
  float max_offset = 0;
  std::int64_t not_finite = 0;  // points with an offset that is not a number
};

struct DatasetSummary {
  std::array<SplitSummary, 3> splits;
  // What StrokeDataset divides by where nothing is dropped; 0 without training points, or if some are not numbers.
  double scale_factor = 0;
};

// Takes sketches one by one in memory that does not grow with their number.
class SplitSummarizer {
 public:
  void add(const Sketch& sketch);
  [[nodiscard]] SplitSummary summary() const;

 private:
  SplitSummary so_far_;                           // but for means, median and offsets
  std::map<std::int64_t, std::int64_t> lengths_;  // how many sketches have that many points
  float low_ = std::numeric_limits<float>::infinity();
  float high_ = -std::numeric_limits<float>::infinity();
};
[[nodiscard]] SplitSummary summarize(const std::vector<Sketch>& sketches);
[[nodiscard]] DatasetSummary summarize(const SketchSplits& splits);

}  // namespace limn::sketch
