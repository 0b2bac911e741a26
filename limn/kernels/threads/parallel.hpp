// The threads of the kernels. One pool for the process; its size follows --threads, OMP_NUM_THREADS or the
// cores that this process may use. Every worker flushes denormals to zero: near-zero gradients otherwise cost
// hundreds of cycles an operation.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>

namespace limn::kernels {

// Cores that this process may run on, or OMP_NUM_THREADS if that is set and smaller than 1024.
[[nodiscard]] int default_thread_count();

// Sets the pool's size; 0 means default_thread_count(). Not while a parallel_for runs.
void set_thread_count(int count);
[[nodiscard]] int thread_count();

// The operations that a core does while it wakes another one, about 20 µs.
inline constexpr double kWorthThreads = 1e6;

// Runs task(0) … task(count - 1), each once, on the pool and on the caller, and returns when all are done.
// `operations` estimates the floating-point operations of all tasks together; below kWorthThreads all tasks run on
// the caller. The first exception is rethrown. A task that calls parallel_for runs that one on its own thread. Calls
// from several threads at once are served one after the other.
void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& task,
                  double operations = std::numeric_limits<double>::infinity());

// The threads that a parallel_for called here would run on: 1 inside a task.
[[nodiscard]] int usable_threads();

// Flushes denormals on this thread until destroyed. The pool's workers live inside one.
class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  unsigned saved_;
};

}  // namespace limn::kernels
