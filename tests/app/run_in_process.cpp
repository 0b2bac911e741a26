#include "app/run_in_process.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "app/command_line.hpp"

namespace limn::testing {

std::vector<std::string> words_of(const std::string& line, const std::filesystem::path& folder) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; stream >> word;)
    words.push_back(word.starts_with('@') ? (folder / word.substr(1)).string() : word);
  return words;
}

Said run_in_process(const std::vector<std::string>& words, const models::Registry& registry) {
  std::vector<const char*> argv{"limn"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int status = app::run_command_line(static_cast<int>(argv.size()), argv.data(), registry);
  return {.status = status,
          .out = ::testing::internal::GetCapturedStdout(),
          .err = ::testing::internal::GetCapturedStderr()};
}

}  // namespace limn::testing
