#include "app/heap.hpp"

#include <cstdint>
#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace limn::app {

void begin_with_large_pages() {
#ifdef __GLIBC__
  constexpr int kRoom = 64 << 20, kLargestOfHeap = 32 << 20, kUsualTopPad = 128 << 10;
  constexpr std::uintptr_t kPage = std::uintptr_t{2} << 20;
  // As far as glibc by itself raises both when large pieces are freed, and the room on top.
  mallopt(M_MMAP_THRESHOLD, kLargestOfHeap);
  mallopt(M_TRIM_THRESHOLD, 2 * kLargestOfHeap + kRoom);
  mallopt(M_TOP_PAD, kRoom);
  void* volatile piece = std::malloc(std::size_t{1} << 20);  // more than is there: the heap grows
  const auto begin = reinterpret_cast<std::uintptr_t>(static_cast<void*>(piece));
  const auto end = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  std::free(piece);
  mallopt(M_TOP_PAD, kUsualTopPad);
  const std::uintptr_t first = (begin + kPage - 1) / kPage * kPage, last = end / kPage * kPage;
  const bool is_of_heap = piece != nullptr && begin < end && end - begin <= 2 * std::uintptr_t{kRoom};
  if (is_of_heap && first < last) (void)::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
}

}  // namespace limn::app
