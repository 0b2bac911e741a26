// The arithmetic of chart axes: ranges, round tick values and how they are written.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace limn::render {

struct AxisRange {
  double low = 0;
  double high = 1;
  [[nodiscard]] double span() const { return high - low; }
};

// The range of the finite values, never of zero width. With `clips_outliers`, the middle 98 % of them if they
// take less than 40 % of it.
[[nodiscard]] AxisRange range_of(std::vector<double> values, bool clips_outliers);

struct AxisTicks {
  std::vector<double> values;
  double step = 1;
};

// About `wanted` multiples of 1, 2 or 5 times a power of ten inside the range.
[[nodiscard]] AxisTicks nice_ticks(AxisRange range, int wanted);

// A tick's value with the decimals its step needs: "−0.25", "1,500", "20k", "1.5M", "1e-7".
[[nodiscard]] std::string tick_text(double value, double step);

}  // namespace limn::render
