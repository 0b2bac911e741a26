// The pickle of an object array.
#include "limn/arrays/pickle.hpp"

#include "fuzz/target.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 2 * arrays::kPickleMemoryFactor,
                                     .floor = 2 * arrays::kPickleMemoryFloor};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    for (const arrays::NumericArray& array : arrays::read_pickled_arrays(input, "input").arrays) (void)array.count();
  });
}
