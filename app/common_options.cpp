#include "app/common_options.hpp"

#include <fmt/format.h>

#include "app/drawing_output.hpp"

namespace limn::app {
namespace {

// Far above 1 every point is noise, far below it the likeliest one; the bounds keep the arithmetic finite.
constexpr double kLeastTemperature = 0.001;
constexpr double kMostTemperature = 1000;

void check_and_show(const Option& temperature) {
  temperature.number(kLeastTemperature, kMostTemperature).shows_default();
}

}  // namespace

void add_model(const Command& command, std::string& path) {
  command.add("MODEL", &path, "run directory, .safetensors file or Magenta .json model").required();
}

void add_temperature(const Command& command, double& temperature) {
  check_and_show(command.add("--temperature", &temperature, "how varied"));
}

void add_temperatures(const Command& command, std::vector<double>& temperatures, const std::string& help) {
  check_and_show(command.add("--temperature", &temperatures, help));
}

std::string drawing_output_help(bool has_frames) {
  using models::Content;
  return fmt::format("{}; of images {}", output_endings(Content::kSketches),
                     output_endings(Content::kImages, has_frames));
}

}  // namespace limn::app
