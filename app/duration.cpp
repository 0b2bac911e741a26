#include "app/duration.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

namespace limn::app {

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  const auto total = static_cast<long long>(std::llround(seconds));
  if (total >= 2 * 86400) return fmt::format("{} days", total / 86400);
  if (total >= 3600) return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
  if (total >= 60) return fmt::format("{}:{:02}", total / 60, total % 60);
  return fmt::format("{}s", total);
}

std::string size_text(std::int64_t bytes) {
  constexpr double kStep = 1000;
  if (bytes < static_cast<std::int64_t>(kStep)) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes);
  std::string_view unit;
  for (const std::string_view larger : {"kB", "MB", "GB"}) {
    if (value < kStep) break;
    value /= kStep, unit = larger;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

}  // namespace limn::app
