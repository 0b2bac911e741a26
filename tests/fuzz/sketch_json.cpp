// Sketches as lists in JSON. What is read and written reads back as the same.
#include "fuzz/target.hpp"
#include "limn/sketch/json.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 64, .floor = 64 << 10};
  return fuzz::survive(data, size, kBound,
                       [](fuzz::Input input) { (void)sketch::parse_sketches_json(fuzz::text_of(input), "input"); });
}
