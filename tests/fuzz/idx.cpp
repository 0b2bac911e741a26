// IDX files, plain and gzip.
#include "limn/image/idx.hpp"

#include "fuzz/target.hpp"
#include "limn/arrays/gunzip.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 2 * arrays::kGunzipFactor, .floor = 2 * arrays::kGunzipFloor};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) { (void)image::parse_idx(input, "input"); });
}
