// The two functions of Highway's library that its headers call: aligned memory of the C library.
#include <hwy/aligned_allocator.h>

#include <cstdlib>

namespace hwy {

HWY_DLLEXPORT void* AllocateAlignedBytes(std::size_t bytes, AllocPtr, void*) {
  return std::aligned_alloc(HWY_ALIGNMENT, (bytes + HWY_ALIGNMENT - 1) / HWY_ALIGNMENT * HWY_ALIGNMENT);
}

HWY_DLLEXPORT void FreeAlignedBytes(const void* memory, FreePtr, void*) { std::free(const_cast<void*>(memory)); }

}  // namespace hwy
