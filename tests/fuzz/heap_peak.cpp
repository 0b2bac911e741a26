#include "fuzz/heap_peak.hpp"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LIMN_HAS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIMN_HAS_SANITIZER 1
#endif
#ifdef LIMN_HAS_SANITIZER
// Of <sanitizer/allocator_interface.h>, which GCC's runtimes have but its headers lack.
extern "C" {
std::size_t __sanitizer_get_current_allocated_bytes();
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*, std::size_t),
                                              void (*free_hook)(const volatile void*));
}
#endif

namespace {

std::atomic<std::int64_t> most_held{0};

void remember(std::int64_t now) {
  std::int64_t before = most_held.load(std::memory_order_relaxed);
  while (now > before && !most_held.compare_exchange_weak(before, now, std::memory_order_relaxed)) {
  }
}

}  // namespace

#ifdef LIMN_HAS_SANITIZER

namespace {

// Asking the allocator takes longer than an allocation.
constexpr std::size_t kLarge = 4096;
constexpr unsigned kEach = 64;
std::atomic<unsigned> small_allocations{0};

std::int64_t held_now() { return static_cast<std::int64_t>(__sanitizer_get_current_allocated_bytes()); }

void on_malloc(const volatile void* /*block*/, std::size_t size) {
  if (size >= kLarge || small_allocations.fetch_add(1, std::memory_order_relaxed) % kEach == 0) remember(held_now());
}
void on_free(const volatile void* /*block*/) {}

const int hooks = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);

}  // namespace

#else

namespace {

std::atomic<std::int64_t> held{0};

std::int64_t held_now() { return held.load(std::memory_order_relaxed); }

// Both pass the block on.
void* entered(void* block) {
  if (block == nullptr) return nullptr;
  const auto size = static_cast<std::int64_t>(malloc_usable_size(block));
  remember(held.fetch_add(size, std::memory_order_relaxed) + size);
  return block;
}
void* left(void* block) {
  if (block != nullptr) held.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(block)), std::memory_order_relaxed);
  return block;
}

}  // namespace

// These take the place of glibc's own for the program and every library in it.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) noexcept { return entered(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) noexcept { return entered(__libc_calloc(count, size)); }
void* realloc(void* block, std::size_t size) noexcept {
  const auto before = block == nullptr ? 0 : static_cast<std::int64_t>(malloc_usable_size(block));
  void* moved = __libc_realloc(block, size);
  if (moved != nullptr || size == 0) {
    entered(moved);  // old and new may have stood side by side
    held.fetch_sub(before, std::memory_order_relaxed);
  }
  return moved;
}
void* memalign(std::size_t alignment, std::size_t size) noexcept { return entered(__libc_memalign(alignment, size)); }
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept { return memalign(alignment, size); }
int posix_memalign(void** block, std::size_t alignment, std::size_t size) noexcept {
  *block = memalign(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}
void free(void* block) noexcept { __libc_free(left(block)); }
}

#endif

namespace limn::fuzz {

HeapPeak::HeapPeak() : held_before_(held_now()) { most_held.store(held_before_); }

std::uint64_t HeapPeak::bytes() const {
  const std::int64_t most = std::max(most_held.load(), held_now());
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, most - held_before_));
}

}  // namespace limn::fuzz
