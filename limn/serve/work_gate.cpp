#include "limn/serve/work_gate.hpp"

#include "limn/serve/http.hpp"

namespace limn::serve {

std::shared_ptr<void> WorkGate::admit() {
  const std::lock_guard lock(mutex_);
  if (free_places_ == 0) throw Refusal(503, "too many drawings are under way; try again in a moment");
  --free_places_;
  return {nullptr, [this](void*) {
            const std::lock_guard relock(mutex_);
            ++free_places_;
          }};
}

void WorkGate::take_turn() {
  std::unique_lock lock(mutex_);
  if (free_turns_ > 0 && queue_.empty()) {
    --free_turns_;
    return;
  }
  Waiter waiter;
  queue_.push_back(&waiter);
  waiter.wake.wait(lock, [&] { return waiter.has_turn; });
}

void WorkGate::end_turn() {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) {
    ++free_turns_;
    return;
  }
  Waiter* next = queue_.front();
  queue_.pop_front();
  next->has_turn = true;
  next->wake.notify_one();  // under the lock: the waiter's condition lives on its own stack
}

}  // namespace limn::serve
