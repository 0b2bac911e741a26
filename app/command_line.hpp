// The whole command: what main() does. A program with models of its own calls it with its own registry.
#pragma once

#include "limn/models/registry.hpp"

namespace limn::app {

// Runs what `argv` says, and returns the exit status. An error that a user can fix is one line on stderr and status 1;
// so is a command line that is wrong, and then the line names the wrong word and the nearest right one.
[[nodiscard]] int run_command_line(int argc, const char* const* argv, const models::Registry& registry);

}  // namespace limn::app
