// The family's entry in the registry: names, presets and makers.
#pragma once

#include "limn/models/registry.hpp"

namespace limn::models {

[[nodiscard]] Family draw_family();

}  // namespace limn::models
