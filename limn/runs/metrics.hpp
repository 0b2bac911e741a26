// Losses and other figures by name, in the order in which people read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace limn {

struct Metric {
  std::string name;
  double value = 0;
};
using Metrics = std::vector<Metric>;
// The value of that name, or NaN.
[[nodiscard]] double metric(const Metrics& metrics, std::string_view name);

}  // namespace limn
