#include "limn/core/thread.hpp"

#include <gmock/gmock.h>

#include "limn/core/error.hpp"
#include "testing/thread_limit.hpp"

namespace limn {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::StartsWith;
using testing::ThreadLimit;
using ::testing::ThrowsMessage;

auto is_refusal() {
  return ThrowsMessage<Error>(AllOf(StartsWith("test: cannot start a thread: "), EndsWith(kProcessLimitAdvice)));
}

TEST(Thread, OneThatCannotStartIsAnErrorWithAdvice) {
  int runs = 0;
  start_thread("test", [&] { ++runs; }).join();
  EXPECT_EQ(runs, 1);
  const ThreadLimit none(0);
  EXPECT_THAT([] { start_thread("test", [] {}).join(); }, is_refusal());
}

TEST(Thread, SeveralAreRequiredAtOnce) {
  require_threads("test", 0);
  require_threads("test", 3);
  {
    const ThreadLimit two(2);
    EXPECT_THAT([] { require_threads("test", 3); }, is_refusal());
  }
  require_threads("test", 3);
}

}  // namespace
}  // namespace limn
