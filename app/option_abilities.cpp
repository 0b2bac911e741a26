#include "app/option_abilities.hpp"

namespace limn::app {

void check_options(const Command& command, const models::Model& model, models::Ability ability,
                   std::initializer_list<const char*> options) {
  for (const char* option : options)
    if (command.has(option)) model.need(ability, std::string("leave ") + option + " out");
}

void check_temperature_options(const Command& command, const models::Model& model) {
  check_options(command, model, models::Ability::kTemperature, {"--temperature", "--sigma-temperature", "--greedy"});
}

}  // namespace limn::app
