// On which data a command works where none are named: built-in ones, unless the model was trained on others.
#pragma once

#include <string>
#include <vector>

#include "limn/models/registry.hpp"
#include "limn/runs/run_config.hpp"

namespace limn::app {

// The data that a config names. In the record of a run, "builtin:doodles" is the set of the limn that wrote it.
[[nodiscard]] std::vector<std::string> data_of(const runs::RunConfig& config);

// `given`, or where that is empty the built-in data that the model was trained on, by its checkpoint or the config.toml
// of its run; the family's built-in set where neither says. Throws Error if the model was trained on other data than
// built-in ones: nothing opens a file because a file names it. `purpose` says what the data are named for: "it shall be
// evaluated".
[[nodiscard]] std::vector<std::string> data_or_built_in(const std::vector<std::string>& given,
                                                        const models::Checkpoint& model, const std::string& path,
                                                        const models::Family& family, std::string_view purpose);

// The built-in data that the model was trained on. Throws Error if it was trained on others or does not say on which;
// then `option` is needed, with their names and `suffix`.
[[nodiscard]] std::vector<std::string> built_in_training_data(const models::Checkpoint& model, const std::string& path,
                                                              const models::Family& family, std::string_view option,
                                                              std::string_view suffix = {});

// A reference to test drawings of that data, with `which` behind it ("#0"); `option` takes such references: "--in".
[[nodiscard]] std::string built_in_drawings(std::string_view which, const models::Model& model, const std::string& path,
                                            const models::Registry& registry, std::string_view option);

}  // namespace limn::app
