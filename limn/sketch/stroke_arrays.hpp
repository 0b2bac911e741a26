// What rows of numbers mean as a sketch: the one place that decides it, whatever file they come from. A row is
//
//   3 columns  dx, dy, whether the pen lifts after this point (stroke-3);
//   4 columns  x, y, pen down, pen lifted: absolute positions;
//   5 columns  dx, dy and one of pen down, lifted, end (stroke-5).
//
// Padding behind a sketch is left out: rows of -1, rows of 0 after the last point, and of stroke-5 the end rows. So is
// the start row (0, 0, 1, 0, 0) where all sketches of a file begin with it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "limn/sketch/dataset.hpp"

namespace limn::sketch {

// One sketch as a file holds it: rows of `columns` numbers, one after the other.
struct StrokeRows {
  std::int64_t columns = 3;
  std::vector<float> values;

  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(values.size()) / columns; }
};

struct StrokeArrayOptions {
  // Whether the first two columns are positions: "true", "false", or "auto", which says so of 4 columns alone.
  std::string absolute = "auto";
  // As SketchReadOptions::note. Called where the numbers look like the other kind.
  std::function<void(const std::string&)> note = {};
};

// The rows of each split, with the name that messages about it begin with ("x.npz: train").
struct SplitRows {
  std::array<std::vector<StrokeRows>, 3> sketches;
  std::array<std::string, 3> origins;
};

// `origin` is the name of the file. Throws Error for another number of columns, a pen that is none of the above, an
// offset that is not finite, and rows behind the padding, each naming split, sketch and row.
[[nodiscard]] SketchSplits sketches_of(SplitRows rows, const std::string& origin, const StrokeArrayOptions& options);

}  // namespace limn::sketch
