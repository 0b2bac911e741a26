#include "limn/core/metrics.hpp"

#include <limits>

#include "limn/core/json.hpp"

namespace limn {

double metric(const Metrics& metrics, std::string_view name) {
  for (const auto& m : metrics)
    if (m.name == name) return m.value;
  return std::numeric_limits<double>::quiet_NaN();
}

std::string metrics_to_json(const Metrics& metrics) {
  Json object = Json::object();
  for (const auto& m : metrics) object[m.name] = m.value;
  return json_text(object);
}

Metrics metrics_from_json(std::string_view text) {
  const Json object = parse_json(text);
  Metrics metrics;
  if (!object.is_object()) return metrics;
  for (const auto& [name, value] : object.items())
    metrics.push_back({name, value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN()});
  return metrics;
}

}  // namespace limn
