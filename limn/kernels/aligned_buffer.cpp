#include "limn/kernels/aligned_buffer.hpp"

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <algorithm>
#include <cstdint>

namespace limn::kernels {

void prefer_huge_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t kHugePage = std::uintptr_t{1} << 21;
  const auto first = (reinterpret_cast<std::uintptr_t>(memory) + kHugePage - 1) / kHugePage * kHugePage;
  const auto last = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / kHugePage * kHugePage;
  // Advice only: where the system does not take it, nothing changes but the speed.
  if (last > first) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
}

void MatrixBuffer::fill(float value) { std::fill_n(values_.data(), rows_ * columns_, value); }

}  // namespace limn::kernels
