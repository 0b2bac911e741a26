// config.toml: everything needed to repeat a run, and what --config reads.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "limn/core/options.hpp"

namespace limn {

// What config.toml and --config hold: the family, where the data come from, and every option as name and text.
struct RunConfig {
  std::string family;             // "sketch-rnn", "vae" or "draw"; empty if the file does not say
  std::vector<std::string> data;  // paths or builtin:…; empty means the family's built-in set
  std::vector<std::string> assignments;  // "name=value"
};
[[nodiscard]] std::string config_to_toml(const RunConfig& config, std::span<const OptionField> options);
// Throws Error naming the file and the line.
[[nodiscard]] RunConfig read_config(const std::string& path);

}  // namespace limn
