// How a command reads the data sets that it is given: --set damaged=… and absolute=….
#pragma once

#include <string>
#include <vector>

#include "app/command.hpp"
#include "limn/models/drawings.hpp"

namespace limn::app {

struct Reading {
  std::string damaged = {};  // refuse or skip; "": as the model was trained
  std::string absolute = "auto";
};

void add_reading_settings(const Command& command, std::vector<std::string>& settings);
// Throws Error for a name or a value that is unknown.
[[nodiscard]] Reading reading_of(const std::vector<std::string>& settings);
// Throws Error where a setting is of the other kind of data than `model` draws.
void check_reading(const Reading& reading, models::Content content, const std::string& model);

}  // namespace limn::app
