// The built limn command, run as a user runs it: what it printed and how it ended. Every call is bounded in
// time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace limn::testing {

struct RunLimits {
  double seconds = 60;                                // then it is killed, and `signal` says so
  std::int64_t file_bytes = 0;                        // RLIMIT_FSIZE: writing beyond fails, as on a full disk; 0: none
  std::filesystem::path out_to = {}, err_to = {};     // instead of being caught
  bool has_deaf_pipe = false;                         // stderr is a pipe whose reader has gone
  std::vector<int> closed = {};                       // descriptors
  bool ignores_hang_up = false;                       // as below nohup
  std::function<void(pid_t process)> meanwhile = {};  // called once after the start
  std::vector<std::string> environment = {};          // NAME=VALUE, beside that of the test
};

struct RunResult {
  int status = -1;  // of exit(); -1 if a signal ended it
  int signal = 0;
  std::string out;
  std::string err;
};

// Runs `limn arguments…` in `folder`, on one thread. What it prints is caught outside of the folder.
[[nodiscard]] RunResult run_limn(const std::filesystem::path& folder, const std::vector<std::string>& arguments,
                                 const RunLimits& limits = {});

// The same from one line of words; a quoted word would be cut apart.
[[nodiscard]] RunResult run_limn(const std::filesystem::path& folder, const std::string& words,
                                 const RunLimits& limits = {});

// Expects success, and returns what it printed on stdout.
std::string expect_success(const std::filesystem::path& folder, const std::string& words);

// Trains the smallest model worth the name into `folder`/`run`, `more` added to the command line.
[[nodiscard]] std::string tiny_training(const std::string& run, const std::string& more = "");

}  // namespace limn::testing
