#include "testing/thread_limit.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <limits>

namespace {

constexpr int kNoLimit = std::numeric_limits<int>::max();

std::atomic<int>& left() {
  static std::atomic<int> count = [] {
    const char* const text = std::getenv("LIMN_TEST_THREADS");
    return text == nullptr ? kNoLimit : std::atoi(text);
  }();
  return count;
}

bool take_one() {
  std::atomic<int>& count = left();
  for (int now = count.load(); now > 0;)
    if (now == kNoLimit || count.compare_exchange_weak(now, now - 1)) return true;
  return false;
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// The calls of libstdc++ and of other libraries arrive here.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                              void* argument) noexcept {
  using Create = int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  return take_one() ? next<Create>("pthread_create")(thread, attributes, start, argument) : EAGAIN;
}

extern "C" pid_t fork() noexcept {
  if (take_one()) return next<pid_t()>("fork")();
  errno = EAGAIN;
  return -1;
}

namespace limn::testing {

ThreadLimit::ThreadLimit(int count) { left() = count; }
ThreadLimit::~ThreadLimit() { left() = kNoLimit; }

}  // namespace limn::testing
