#include "app/run_limn.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;

// In the child: never returns.
[[noreturn]] void become_limn(const fs::path& folder, std::vector<char*>& arguments, const fs::path& out,
                              const fs::path& err, const RunLimits& limits) {
  const int out_file = ::open(out.c_str(), O_WRONLY | O_CREAT, 0600);
  const int err_file = ::open(err.c_str(), O_WRONLY | O_CREAT, 0600);
  if (out_file < 0 || err_file < 0 || ::dup2(out_file, STDOUT_FILENO) < 0 || ::dup2(err_file, STDERR_FILENO) < 0 ||
      ::chdir(folder.c_str()) != 0)
    ::_exit(126);
  if (limits.file_bytes > 0) {
    const rlimit limit{static_cast<rlim_t>(limits.file_bytes), static_cast<rlim_t>(limits.file_bytes)};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(126);
  }
  if (limits.ignores_hang_up) ::signal(SIGHUP, SIG_IGN);
  if (int ends[2]; limits.has_deaf_pipe && ::pipe(ends) == 0) {
    ::close(ends[0]);
    ::dup2(ends[1], STDERR_FILENO);
  }
  for (const int descriptor : limits.closed) ::close(descriptor);
  ::setenv("OMP_NUM_THREADS", "1", 1);
  for (const std::string& variable : limits.environment) {
    const std::size_t at = variable.find('=');
    ::setenv(variable.substr(0, at).c_str(), variable.c_str() + at + 1, 1);
  }
  ::execv(arguments.front(), arguments.data());
  ::_exit(127);
}

// waitpid() with a bound; kills the process when it is reached.
int wait_for(pid_t process, double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  int status = 0;
  while (::waitpid(process, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) ::kill(process, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return status;
}

}  // namespace

RunResult run_limn(const fs::path& folder, const std::vector<std::string>& arguments, const RunLimits& limits) {
  std::vector<std::string> words{LIMN_COMMAND};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const TemporaryFolder caught;
  const fs::path out = limits.out_to.empty() ? caught / "out" : limits.out_to;
  const fs::path err = limits.err_to.empty() ? caught / "err" : limits.err_to;
  const pid_t process = ::fork();
  if (process < 0) throw std::runtime_error("cannot fork");
  if (process == 0) become_limn(folder, pointers, out, err, limits);
  if (limits.meanwhile) limits.meanwhile(process);
  const int status = wait_for(process, limits.seconds);
  return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
          .out = limits.out_to.empty() ? read_text_file(out) : "",
          .err = limits.err_to.empty() ? read_text_file(err) : ""};
}

RunResult run_limn(const fs::path& folder, const std::string& words, const RunLimits& limits) {
  std::istringstream stream(words);
  std::vector<std::string> arguments;
  for (std::string word; stream >> word;) arguments.push_back(word);
  return run_limn(folder, arguments, limits);
}

std::string expect_success(const fs::path& folder, const std::string& words) {
  const RunResult result = run_limn(folder, words);
  EXPECT_EQ(result.status, 0) << "limn " << words << "\nsignal " << result.signal << "\n" << result.err;
  return result.out;
}

std::string tiny_training(const std::string& run, const std::string& more) {
  return "train sketch-rnn --out " + run +
         " --set dec_rnn_size=16 enc_rnn_size=8 z_size=4 num_mixture=3 num_steps=6 --batch-size 20 --quiet " + more;
}

}  // namespace limn::testing
