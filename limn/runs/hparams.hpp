// Magenta's hyperparameters as its programs take and write them: "name=value,name=[a,b]" of --hparams, and the JSON
// object of model_config.json. Their names are limn's.
#pragma once

#include <string>
#include <vector>

namespace limn::runs {

struct Hparams {
  std::vector<std::string> assignments;  // "name=value", data_set among them; not is_training, which training always is
  std::string origin;                    // "--hparams", or the file's name; begins error messages
  bool is_file = false;
};

// `text` is a string of assignments, a JSON object, or the name of a file with one of them. Throws Error.
[[nodiscard]] Hparams read_hparams(const std::string& text);

}  // namespace limn::runs
