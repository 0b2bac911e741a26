// A limit on processes that is reached, as root too, to whom the system's own limit does not apply. thread_limit.cpp is
// part of a test program, or a library to LD_PRELOAD with LIMN_TEST_THREADS=N: after N more threads and processes the
// program gets EAGAIN.
#pragma once

namespace limn::testing {

// While one lives, this program may start `count` more threads.
class ThreadLimit {
 public:
  explicit ThreadLimit(int count);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;
};

}  // namespace limn::testing
