// Threads where the system may allow no more of them: a limit on processes counts threads too.
#pragma once

#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace limn {

inline constexpr const char* kProcessLimitAdvice =
    "raise the limit on processes (ulimit -u, or the container's limit on pids)";

// Throws Error: `purpose` opens the message, the advice ends it.
[[noreturn]] void fail_to_start_thread(const std::string& purpose, const std::string& reason);

// std::thread's constructor, but its failure is an Error with advice.
template <class Work>
[[nodiscard]] std::thread start_thread(const std::string& purpose, Work&& work) {
  try {
    return std::thread(std::forward<Work>(work));
  } catch (const std::system_error& error) {
    fail_to_start_thread(purpose, error.code().message());
  }
}

// Throws the same Error unless `count` more threads can run at this moment. For libraries that wait for ever or abort
// where a thread of theirs cannot start.
void require_threads(const std::string& purpose, int count);

}  // namespace limn
