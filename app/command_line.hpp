// What the command line may say, and what is said of one that is wrong. No state; any thread.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>

namespace limn::app {

// For ->check(): a whole number from `least` to `most`, a number above 0, a number from 0 on. What is refused is named
// together with what is expected.
[[nodiscard]] CLI::Validator whole_number(std::int64_t least, std::int64_t most);
[[nodiscard]] CLI::Validator positive_number();
[[nodiscard]] CLI::Validator non_negative_number();

// One line for a command line that `app` refused: the word that is wrong, the nearest that is right, and whose --help
// tells more.
[[nodiscard]] std::string explain(const CLI::App& app, const CLI::ParseError& error);

}  // namespace limn::app
