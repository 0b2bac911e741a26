// Latent vectors in a .npy file.
#include "limn/arrays/npy.hpp"

#include "fuzz/target.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 8, .floor = 64 << 10};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) { (void)arrays::parse_npy_matrix(input, "input"); });
}
