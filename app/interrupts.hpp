// Ctrl-C, SIGTERM and SIGHUP as a question that long work asks now and then.
#pragma once

namespace limn::app {

// The first of these signals asks to stop, the second ends the process at once. SIGHUP stays ignored where the caller
// has it ignored, as nohup does. Writing to a pipe that nobody reads is an error, not the end. Call once, before the
// work.
void watch_for_interrupts();
[[nodiscard]] bool is_interrupted();
// The signal that asked to stop, or 0.
[[nodiscard]] int interrupt_signal();

// Ends the command after its work was stopped and saved. The status is 128 + signal, as a shell has it, so that
// `limn train … && next` stops too.
struct Interrupted {
  int signal;
};

}  // namespace limn::app
