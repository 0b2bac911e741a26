#include "app/duration.hpp"

#include <fmt/format.h>

#include <cmath>

namespace limn::app {

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  const auto total = static_cast<long long>(std::llround(seconds));
  if (total >= 2 * 86400) return fmt::format("{} days", total / 86400);
  if (total >= 3600) return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
  if (total >= 60) return fmt::format("{}:{:02}", total / 60, total % 60);
  return fmt::format("{}s", total);
}

}  // namespace limn::app
