#include "app/interrupts.hpp"

#include <unistd.h>

#include <csignal>

namespace limn::app {
namespace {

volatile std::sig_atomic_t interrupts = 0;

void on_interrupt(int) {
  if (interrupts) _exit(130);
  interrupts = 1;
}

}  // namespace

void watch_for_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool is_interrupted() { return interrupts != 0; }

}  // namespace limn::app
