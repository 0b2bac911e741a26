// The order in which replies compute. A reply is admitted, or refused where too many are. An admitted reply computes in
// turns of a few milliseconds, first come, first served, and gives its turn back before it writes to its client. So a
// short request never waits for the end of a long one, and a slow client holds nothing that others need.
#pragma once

#include <memory>

namespace limn::serve {

class WorkGate {
 public:
  // `turns` compute at once: as many as there are cores.
  WorkGate(int turns, int max_admitted);
  ~WorkGate();

  // Returns a place that is held until destroyed. Throws Refusal 503 where there is none.
  [[nodiscard]] std::shared_ptr<void> admit();

  class Turn {
   public:
    explicit Turn(WorkGate& gate) : gate_(gate) { gate_.take_turn(); }
    ~Turn() { gate_.end_turn(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    WorkGate& gate_;
  };

 private:
  struct State;  // none in the WebAssembly module, which has one thread
  void take_turn();
  void end_turn();

  std::unique_ptr<State> state_;
};

}  // namespace limn::serve
