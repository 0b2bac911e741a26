// Training of the family: its options and data as a task of the trainer.
#pragma once

#include <memory>

#include "limn/models/training.hpp"

namespace limn {

[[nodiscard]] std::unique_ptr<TrainingSetup> make_draw_setup();

}  // namespace limn
