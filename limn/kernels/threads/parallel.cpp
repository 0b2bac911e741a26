#include "limn/kernels/threads/parallel.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace limn::kernels {
namespace {

thread_local bool is_inside_task = false;

// While one lives, its thread is inside a task.
class TaskScope {
 public:
  TaskScope() : outer_(is_inside_task) { is_inside_task = true; }
  ~TaskScope() { is_inside_task = outer_; }
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

 private:
  FlushDenormals flush_;
  bool outer_;
};

class Pool {
 public:
  explicit Pool(int threads) {
    try {
      for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      // The system allows no more threads: those there are do the work.
    }
  }
  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  [[nodiscard]] int size() const { return static_cast<int>(workers_.size()) + 1; }

  void run(std::int64_t count, const std::function<void(std::int64_t)>& task) {
    const std::lock_guard one_at_a_time(callers_);
    {
      const std::lock_guard lock(mutex_);
      task_ = &task;
      count_ = count;
      next_.store(0);
      error_ = nullptr;
      ++generation_;
    }
    const std::int64_t helpers = std::min(count - 1, static_cast<std::int64_t>(workers_.size()));
    for (std::int64_t i = 0; i < helpers; ++i) wake_.notify_one();
    take_tasks(task, count);
    // Every task has been taken. Only workers that took one are waited for: on a busy machine it may be long
    // until the others wake up, and they find nothing to do.
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return busy_ == 0; });
    task_ = nullptr;
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void take_tasks(const std::function<void(std::int64_t)>& task, std::int64_t count) {
    const TaskScope scope;
    while (true) {
      const std::int64_t i = next_.fetch_add(1);
      if (i >= count) break;
      try {
        task(i);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = std::current_exception();
        next_.store(count);
      }
    }
  }

  void work() {
    std::uint64_t seen = 0;
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return stopping_ || generation_ != seen; });
      if (stopping_) return;
      seen = generation_;
      if (!task_) continue;  // too late
      ++busy_;
      const auto* task = task_;
      const std::int64_t count = count_;
      lock.unlock();
      take_tasks(*task, count);
      lock.lock();
      if (--busy_ == 0) idle_.notify_one();
    }
  }

  std::vector<std::thread> workers_;
  std::mutex callers_;
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  const std::function<void(std::int64_t)>* task_ = nullptr;
  std::int64_t count_ = 0;
  std::atomic<std::int64_t> next_{0};
  int busy_ = 0;  // workers inside take_tasks()
  std::uint64_t generation_ = 0;
  bool stopping_ = false;
  std::exception_ptr error_;
};

std::mutex& pool_mutex() {
  static std::mutex mutex;
  return mutex;
}

std::shared_ptr<Pool>& pool_slot() {
  static std::shared_ptr<Pool> pool;
  return pool;
}

std::shared_ptr<Pool> pool() {
  const std::lock_guard lock(pool_mutex());
  auto& slot = pool_slot();
  if (!slot) slot = std::make_shared<Pool>(default_thread_count());
  return slot;
}

// The number of processors whose time this container may use (cgroup v2), or a large number.
int processors_allowed() {
  double quota = 0, period = 0;
  if (std::ifstream("/sys/fs/cgroup/cpu.max") >> quota >> period && period > 0)
    return std::max(1, static_cast<int>(std::min(1e6, std::ceil(quota / period))));
  return 1'000'000;
}

}  // namespace

int default_thread_count() {
  if (const char* text = std::getenv("OMP_NUM_THREADS")) {
    const int wanted = std::atoi(text);
    if (wanted > 0 && wanted < 1024) return wanted;
  }
  int processors = static_cast<int>(std::thread::hardware_concurrency());
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) processors = CPU_COUNT(&set);
  return std::clamp(processors, 1, processors_allowed());
}

void set_thread_count(int count) {
  auto fresh = std::make_shared<Pool>(count > 0 ? count : default_thread_count());
  const std::lock_guard lock(pool_mutex());
  pool_slot() = std::move(fresh);
}

int thread_count() { return pool()->size(); }

int usable_threads() { return is_inside_task ? 1 : thread_count(); }

void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& task, double operations) {
  if (count <= 0) return;
  if (is_inside_task || count == 1 || operations < kWorthThreads) {
    const TaskScope scope;
    for (std::int64_t i = 0; i < count; ++i) task(i);
    return;
  }
  pool()->run(count, task);
}

#if defined(__SSE2__)
FlushDenormals::FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040u); }
FlushDenormals::~FlushDenormals() { _mm_setcsr(saved_); }
#elif defined(__aarch64__)
FlushDenormals::FlushDenormals() {
  std::uint64_t fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  saved_ = static_cast<unsigned>(fpcr);
  asm volatile("msr fpcr, %0" ::"r"(fpcr | 1u << 24));
}
FlushDenormals::~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(std::uint64_t{saved_})); }
#else
FlushDenormals::FlushDenormals() : saved_(0) {}
FlushDenormals::~FlushDenormals() = default;
#endif

}  // namespace limn::kernels
