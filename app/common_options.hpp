// Options that several commands have, each described once.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "limn/models/drawings.hpp"
#include "limn/models/fitted_prior.hpp"
#include "limn/models/sigma_temperature.hpp"

namespace limn::app {

// MODEL, what every command reads that asks for one, and --checkpoint, which makes `path` that of a file.
void add_model(const Command& command, std::string& path);
// --checkpoint; `choose` gets its name.
void add_checkpoint(const Command& command, const std::function<void(const std::string&)>& choose);
// --temperature, one or several, and --sigma-temperature.
void add_temperature(const Command& command, double& temperature, models::SigmaTemperature& sigma_temperature);
void add_temperatures(const Command& command, std::vector<double>& temperatures,
                      models::SigmaTemperature& sigma_temperature, const std::string& help);
// --prior: where z of new drawings comes from.
void add_prior(const Command& command, models::PriorKind& prior);
// --precision, for Model::set_precision().
void add_precision(const Command& command, std::string& precision);
// For the help of -o of a command that draws what the model draws: the endings. `has_frames`: images may follow each
// other in a .gif.
[[nodiscard]] std::string drawing_output_help(bool has_frames = true);

}  // namespace limn::app
