// Named sets of hyperparameters: what well-known implementations use.
#pragma once

#include <string>
#include <vector>

namespace limn::app {

struct Preset {
  std::string family;
  std::string name;
  std::string help;
  std::vector<std::string> settings;  // name=value
};

// Throws Error listing the family's presets.
[[nodiscard]] Preset preset_named(const std::string& family, const std::string& name);
// A table for --help: each preset and what it changes.
[[nodiscard]] std::string presets_help(const std::string& family);

}  // namespace limn::app
