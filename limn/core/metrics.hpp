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
// Whether it is a part of another ("kl/3" of "kl"): recorded, but neither shown in a line of progress nor drawn as a
// curve.
[[nodiscard]] inline bool is_detail(std::string_view name) { return name.find('/') != std::string_view::npos; }
// The value of that name, or NaN.
[[nodiscard]] double metric(const Metrics& metrics, std::string_view name);

// One JSON object, as checkpoints keep it; JSON has no NaN: what is not finite becomes null, and reads as NaN. Its
// members are in the order of their names. from_json is empty for anything else than such an object.
[[nodiscard]] std::string metrics_to_json(const Metrics& metrics);
[[nodiscard]] Metrics metrics_from_json(std::string_view text);

}  // namespace limn
