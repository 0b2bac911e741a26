// A pickle of arrays, and the same with the names of PyTorch.
#include "limn/arrays/pickle.hpp"

#include "fuzz/target.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 2 * arrays::kPickleMemoryFactor,
                                     .floor = 2 * arrays::kPickleMemoryFloor};
  for (const bool has_tensors : {false, true})
    fuzz::survive(data, size, kBound, [&](fuzz::Input input) {
      (void)arrays::read_pickle(input, "input", {.has_tensors = has_tensors, .may_be_followed = has_tensors});
    });
  return 0;
}
