// Ctrl-C and SIGTERM as a question that long work asks now and then.
#pragma once

namespace limn::app {

// Ctrl-C and SIGTERM: the first asks to stop, the second ends the process at once. Call once, before the work.
void watch_for_interrupts();
[[nodiscard]] bool is_interrupted();

}  // namespace limn::app
