// IDX files, plain and gzip.
#include "limn/image/idx.hpp"

#include "fuzz/target.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 2 * image::kIdxUnpackFactor, .floor = 2 * image::kIdxUnpackFloor};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) { (void)image::parse_idx(input, "input"); });
}
