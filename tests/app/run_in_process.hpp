// The limn command inside the test's process: a thousand command lines in a second, and with a registry of its own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "limn/models/registry.hpp"

namespace limn::testing {

struct Said {
  int status = 0;
  std::string out;
  std::string err;
};

// The words of a command line; those that begin with '@' are names in `folder`.
[[nodiscard]] std::vector<std::string> words_of(const std::string& line, const std::filesystem::path& folder);

// Runs `limn words…`.
[[nodiscard]] Said run_in_process(const std::vector<std::string>& words, const models::Registry& registry);

}  // namespace limn::testing
