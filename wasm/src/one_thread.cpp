// The threads of limn/kernels/threads/parallel.hpp where there is only one: a WebAssembly module runs all tasks on its
// caller. In the place of threads/parallel.cpp.
#include "limn/kernels/threads/parallel.hpp"

namespace limn::kernels {

int default_thread_count() { return 1; }
void set_thread_count(int) {}
int thread_count() { return 1; }
int usable_threads() { return 1; }

void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& task, double) {
  for (std::int64_t i = 0; i < count; ++i) task(i);
}

// WebAssembly has no mode that flushes denormals.
FlushDenormals::FlushDenormals() : saved_(0) {}
FlushDenormals::~FlushDenormals() { (void)saved_; }

}  // namespace limn::kernels
