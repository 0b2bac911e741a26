#include "app/threads.hpp"

#include "app/printing.hpp"
#include "limn/core/thread.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::app {

void use_threads(int wanted) {
  kernels::set_thread_count(wanted);
  const int expected = wanted > 0 ? wanted : kernels::default_thread_count();
  const int there = kernels::thread_count();
  if (there < expected)
    say("limn: note: computes on {} of {} threads: the system allows no more; {}\n", there, expected,
        kProcessLimitAdvice);
}

}  // namespace limn::app
