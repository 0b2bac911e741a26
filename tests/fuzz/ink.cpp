// InkML and the strokes of the IAM on-line database.
#include "limn/sketch/ink.hpp"

#include "fuzz/target.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 128, .floor = 256 << 10};
  return fuzz::survive(data, size, kBound,
                       [](fuzz::Input input) { (void)sketch::parse_ink(fuzz::text_of(input), "input"); });
}
