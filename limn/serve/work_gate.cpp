#include "limn/serve/work_gate.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>

#include "limn/serve/http.hpp"

namespace limn::serve {

struct WorkGate::State {
  struct Waiter {
    std::condition_variable wake;
    bool has_turn = false;
  };

  std::mutex mutex;
  std::deque<Waiter*> queue;
  int free_turns;
  int free_places;
};

WorkGate::WorkGate(int turns, int max_admitted) : state_(std::make_unique<State>()) {
  state_->free_turns = turns;
  state_->free_places = max_admitted;
}
WorkGate::~WorkGate() = default;

std::shared_ptr<void> WorkGate::admit() {
  State* const state = state_.get();
  const std::lock_guard lock(state->mutex);
  if (state->free_places == 0) throw Refusal(503, "too many drawings are under way; try again in a moment");
  --state->free_places;
  return {nullptr, [state](void*) {
            const std::lock_guard relock(state->mutex);
            ++state->free_places;
          }};
}

void WorkGate::take_turn() {
  std::unique_lock lock(state_->mutex);
  if (state_->free_turns > 0 && state_->queue.empty()) {
    --state_->free_turns;
    return;
  }
  State::Waiter waiter;
  state_->queue.push_back(&waiter);
  waiter.wake.wait(lock, [&] { return waiter.has_turn; });
}

void WorkGate::end_turn() {
  const std::lock_guard lock(state_->mutex);
  if (state_->queue.empty()) {
    ++state_->free_turns;
    return;
  }
  State::Waiter* next = state_->queue.front();
  state_->queue.pop_front();
  next->has_turn = true;
  next->wake.notify_one();  // under the lock: the waiter's condition lives on its own stack
}

}  // namespace limn::serve
