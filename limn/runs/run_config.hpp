// config.toml: everything needed to repeat a run, and what --config reads.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "limn/core/options.hpp"

namespace limn::runs {

// The content of config.toml and --config: the family, where the data come from, and every option as name and text.
struct RunConfig {
  std::string family;                    // "sketch-rnn", "vae" or "draw"; empty if the file does not say
  std::vector<std::string> data;         // paths or builtin:…; empty means the family's built-in set
  std::string init_from;                 // the model whose weights the run starts from, or empty
  std::vector<std::string> assignments;  // "name=value"
  bool is_record = false;                // a run wrote the file: its first line is that of config_to_toml()
};
[[nodiscard]] std::string config_to_toml(const RunConfig& config, std::span<const OptionField> options);
// Throws Error naming the file and the line.
[[nodiscard]] RunConfig read_config(const std::string& path);
// Removes "data_set=…" from `assignments`, Magenta's name for the data, and returns its paths: one, or several with
// commas between, in brackets or not. The last one counts; empty if there is none.
[[nodiscard]] std::vector<std::string> take_data_set(std::vector<std::string>& assignments);

}  // namespace limn::runs
