// Magenta's models in JSON.
#include "limn/models/sketch_rnn/magenta_json.hpp"

#include "fuzz/target.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 128, .floor = 64 << 10};
  return fuzz::survive(data, size, kBound,
                       [](fuzz::Input input) { (void)models::parse_magenta_json(fuzz::text_of(input), "input"); });
}
