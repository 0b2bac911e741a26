#include "limn/serve/work_gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "limn/serve/http.hpp"

namespace limn::serve {
namespace {

TEST(WorkGate, AdmitsAsManyAsItHasPlaces) {
  WorkGate gate(1, 2);
  auto first = gate.admit();
  const auto second = gate.admit();
  EXPECT_THROW((void)gate.admit(), Refusal);
  first.reset();
  EXPECT_NO_THROW((void)gate.admit());
}

TEST(WorkGate, LetsNoMoreComputeThanItHasTurns) {
  WorkGate gate(2, 100);
  std::atomic<int> now{0}, most{0}, done{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 7; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        const WorkGate::Turn turn(gate);
        const int here = ++now;
        int seen = most;
        while (here > seen && !most.compare_exchange_weak(seen, here)) {
        }
        std::this_thread::sleep_for(std::chrono::microseconds(100));
        --now;
        ++done;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(done, 140);
  EXPECT_EQ(most, 2);
}

// Who comes while another computes in turns waits for one of its turns, not for its end.
TEST(WorkGate, ServesInTheOrderOfComing) {
  WorkGate gate(1, 10);
  std::atomic<int> turns{0};
  std::atomic<bool> is_over{false};
  std::thread busy([&] {
    while (!is_over) {
      const WorkGate::Turn turn(gate);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ++turns;
    }
  });
  while (turns < 3) std::this_thread::yield();
  for (int i = 0; i < 5; ++i) {
    const int before = turns;
    const WorkGate::Turn turn(gate);
    EXPECT_LE(turns - before, 2);
  }
  is_over = true;
  busy.join();
}

}  // namespace
}  // namespace limn::serve
