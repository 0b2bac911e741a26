#include "app/run_in_process.hpp"

#include <gtest/gtest.h>

#include "app/command_line.hpp"

namespace limn::testing {

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
