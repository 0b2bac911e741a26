#include "limn/core/thread.hpp"

#include <latch>
#include <vector>

#include "limn/core/error.hpp"

namespace limn {

void fail_to_start_thread(const std::string& purpose, const std::string& reason) {
  fail("{}: cannot start a thread: {}; {}", purpose, reason, kProcessLimitAdvice);
}

void require_threads(const std::string& purpose, int count) {
  std::latch may_end(1);
  struct Joined {
    std::latch& end;
    std::vector<std::thread> threads = {};
    ~Joined() {
      end.count_down();
      for (auto& thread : threads) thread.join();
    }
  } started{may_end};
  started.threads.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) started.threads.push_back(start_thread(purpose, [&] { may_end.wait(); }));
}

}  // namespace limn
