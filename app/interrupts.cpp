#include "app/interrupts.hpp"

#include <unistd.h>

#include <csignal>

namespace limn::app {
namespace {

volatile std::sig_atomic_t first_signal = 0;

void on_interrupt(int signal) {
  if (first_signal != 0) _exit(128 + signal);
  first_signal = signal;
}

}  // namespace

void watch_for_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction hang_up {};
  sigaction(SIGHUP, nullptr, &hang_up);
  if (hang_up.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool is_interrupted() { return first_signal != 0; }

int interrupt_signal() { return first_signal; }

}  // namespace limn::app
