#include "limn/runs/metrics.hpp"

#include <limits>

namespace limn {

double metric(const Metrics& metrics, std::string_view name) {
  for (const auto& m : metrics)
    if (m.name == name) return m.value;
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace limn
