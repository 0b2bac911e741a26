// The pool of threads: every task once, exceptions, nesting, callers at the same time, and who works on what
// is small.
#include "limn/kernels/threads/parallel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "testing/thread_limit.hpp"

namespace limn::kernels {
namespace {

class ParallelTest : public ::testing::Test {
 protected:
  ~ParallelTest() override { set_thread_count(0); }
};

TEST_F(ParallelTest, RunsEachTaskOnceOnAnyNumberOfThreads) {
  for (const int threads : {1, 2, 3, 17}) {
    set_thread_count(threads);
    EXPECT_EQ(thread_count(), threads);
    for (const std::int64_t count : {0, 1, 2, 3, 100}) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(count));
      parallel_for(count, [&](std::int64_t i) { ++runs[static_cast<std::size_t>(i)]; });
      for (const auto& times : runs) EXPECT_EQ(times, 1) << threads << " threads, " << count << " tasks";
    }
  }
}

// Hundreds of short calls one after the other: a worker that wakes up late must find neither an old task nor
// a new one twice.
TEST_F(ParallelTest, ShortCallsFollowEachOther) {
  set_thread_count(4);
  for (int call = 0; call < 2000; ++call) {
    std::atomic<std::int64_t> sum{0};
    parallel_for(5, [&](std::int64_t i) { sum += i + 1; });
    ASSERT_EQ(sum, 15) << call;
  }
}

TEST_F(ParallelTest, SmallWorkStaysOnTheCaller) {
  set_thread_count(4);
  std::set<std::thread::id> threads;  // unguarded: there is one thread
  for (int call = 0; call < 100; ++call) {
    parallel_for(
        8, [&](std::int64_t) { threads.insert(std::this_thread::get_id()); }, kWorthThreads / 2);
  }
  EXPECT_THAT(threads, ::testing::ElementsAre(std::this_thread::get_id()));
}

TEST_F(ParallelTest, LargeWorkIsShared) {
  set_thread_count(2);
  std::atomic<int> inside{0};
  // Neither task can end before the other has begun.
  const auto meet = [&](std::int64_t) {
    ++inside;
    while (inside < 2) std::this_thread::yield();
  };
  parallel_for(2, meet, kWorthThreads);
  EXPECT_EQ(inside, 2);
}

TEST_F(ParallelTest, TheFirstExceptionComesBackAndThePoolGoesOn) {
  set_thread_count(3);
  for (const double operations : {1.0, 2 * kWorthThreads}) {
    const auto refuse = [](std::int64_t i) {
      if (i == 7) throw std::runtime_error("seven");
    };
    EXPECT_THROW(parallel_for(50, refuse, operations), std::runtime_error);
    std::atomic<int> runs{0};
    parallel_for(50, [&](std::int64_t) { ++runs; });
    EXPECT_EQ(runs, 50);
  }
}

TEST_F(ParallelTest, ANestedCallStaysOnItsThread) {
  set_thread_count(3);
  std::atomic<int> runs{0}, strangers{0};
  parallel_for(6, [&](std::int64_t) {
    const auto own = std::this_thread::get_id();
    parallel_for(5, [&](std::int64_t) {
      ++runs;
      strangers += std::this_thread::get_id() != own;
    });
  });
  EXPECT_EQ(runs, 30);
  EXPECT_EQ(strangers, 0);
}

TEST_F(ParallelTest, SeveralCallersAreServed) {
  set_thread_count(3);
  std::atomic<int> runs{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int call = 0; call < 50; ++call) parallel_for(7, [&](std::int64_t) { ++runs; });
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(runs, 4 * 50 * 7);
}

TEST_F(ParallelTest, WorksWithTheThreadsThatTheSystemAllows) {
  for (const int allowed : {2, 0}) {
    const limn::testing::ThreadLimit limit(allowed);
    set_thread_count(4);
    EXPECT_EQ(thread_count(), allowed + 1);
    std::atomic<int> runs{0};
    parallel_for(50, [&](std::int64_t) { ++runs; });
    EXPECT_EQ(runs, 50);
  }
}

TEST_F(ParallelTest, TheEnvironmentLimitsTheDefault) {
  const char* const kept = std::getenv("OMP_NUM_THREADS");
  const std::string before = kept ? kept : "";
  ::setenv("OMP_NUM_THREADS", "3", 1);
  EXPECT_EQ(default_thread_count(), 3);
  ::setenv("OMP_NUM_THREADS", "many", 1);
  EXPECT_GE(default_thread_count(), 1);
  kept ? ::setenv("OMP_NUM_THREADS", before.c_str(), 1) : ::unsetenv("OMP_NUM_THREADS");
}

// A product of two small normal numbers that only a denormal can hold.
TEST_F(ParallelTest, DenormalsAreFlushedInTasksAndNotOutside) {
  set_thread_count(2);
  volatile float small = 1e-30f;
  std::atomic<int> kept{0};
  for (const double operations : {1.0, 2 * kWorthThreads}) {
    parallel_for(
        8, [&](std::int64_t) { kept += small * 1e-10f != 0; }, operations);
  }
  EXPECT_EQ(kept, 0);
  EXPECT_NE(small * 1e-10f, 0.0f);
}

}  // namespace
}  // namespace limn::kernels
