#include "limn/render/axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "limn/render/text.hpp"

namespace limn::render {
namespace {

// Range and step in one power of ten of each other would be lost in double; no chart needs such a
// magnification.
constexpr double kLeastRelativeSpan = 1e-9;

AxisRange widened(AxisRange range) {
  const double size = std::max(std::abs(range.low), std::abs(range.high));
  if (range.span() > size * kLeastRelativeSpan) return range;
  const double half = size > 0 ? size * 0.1 : 0.5;
  return {range.low - half, range.high + half};
}

// With a thin comma at the thousands.
std::string grouped(std::string digits) {
  const std::size_t point = std::min(digits.find('.'), digits.size());
  for (std::size_t i = point; i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

}  // namespace

AxisRange range_of(std::vector<double> values, bool clips_outliers) {
  // A quarter of the largest double leaves room for margins.
  std::erase_if(values, [](double value) { return !std::isfinite(value) || std::abs(value) > 1e300; });
  if (values.empty()) return {0, 1};
  std::sort(values.begin(), values.end());
  const AxisRange full{values.front(), values.back()};
  if (!clips_outliers) return widened(full);
  const auto rank = static_cast<std::size_t>(static_cast<double>(values.size() - 1) * 0.01);
  const AxisRange middle{values[rank], values[values.size() - 1 - rank]};
  return widened(middle.span() < 0.4 * full.span() ? middle : full);
}

AxisTicks nice_ticks(AxisRange range, int wanted) {
  const double rough = range.span() / std::max(1, wanted);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0})
    if (factor * power >= rough * 0.7) step = factor * power;
  AxisTicks ticks{.values = {}, .step = step};
  const double slack = step * 1e-6;
  for (double i = std::ceil((range.low - slack) / step); i * step <= range.high + slack; ++i)
    ticks.values.push_back(i * step);
  return ticks;
}

std::string tick_text(double value, double step) {
  if (std::abs(value) < step * 1e-6) return "0";
  const std::string sign = value < 0 ? "−" : "";
  const double size = std::abs(value);
  if (step < 1e-4 || size >= 1e10) return sign + fmt::format("{:.3g}", size);
  if (step >= 1e5) return sign + number_text(size / 1e6, 2) + "M";
  if (step >= 1e3) return sign + number_text(size / 1e3, 1) + "k";
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  return sign + grouped(number_text(size, decimals));
}

}  // namespace limn::render
