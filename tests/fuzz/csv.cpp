// Tables of points and drawings.
#include "limn/sketch/csv.hpp"

#include <sstream>

#include "fuzz/target.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 128, .floor = 256 << 10};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    std::istringstream in{std::string(fuzz::text_of(input))};
    sketch::read_csv(
        in, "input", {}, [](sketch::QuickDrawRecord&&, Split) {}, input.size() + 1);
  });
}
