// On which data a command works where none are named: the built-in ones, unless the model was trained on others.
#pragma once

#include <string>
#include <vector>

#include "limn/models/registry.hpp"

namespace limn::app {

// `given`, or the family's built-in set where that is empty. Throws Error if the model was trained on other data than
// that by its checkpoint or the config.toml of its run: nothing opens a file because a file names it. `purpose` says
// what the data are named for: "it shall be evaluated".
[[nodiscard]] std::vector<std::string> data_or_built_in(const std::vector<std::string>& given,
                                                        const models::Checkpoint& model, const std::string& path,
                                                        const models::Family& family, std::string_view purpose);

}  // namespace limn::app
