// Options of the command line that only some models have a use for.
#pragma once

#include <initializer_list>

#include "app/command.hpp"
#include "limn/models/model.hpp"

namespace limn::app {

// Throws Error if one of the options was given and the model lacks the ability that they are about.
void check_options(const Command& command, const models::Model& model, models::Ability ability,
                   std::initializer_list<const char*> options);
// The same of the options that say how varied drawings are.
void check_temperature_options(const Command& command, const models::Model& model);

}  // namespace limn::app
