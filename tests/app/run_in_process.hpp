// The limn command inside the test's process: a thousand command lines in a second, and with a registry of its own.
#pragma once

#include <string>
#include <vector>

#include "limn/models/registry.hpp"

namespace limn::testing {

struct Said {
  int status = 0;
  std::string out;
  std::string err;
};

// Runs `limn words…`.
[[nodiscard]] Said run_in_process(const std::vector<std::string>& words, const models::Registry& registry);

}  // namespace limn::testing
