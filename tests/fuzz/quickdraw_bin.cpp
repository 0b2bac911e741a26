// Quick, Draw! .bin. What is read is written as it was read, but for unknown flags.
#include <sstream>

#include "fuzz/target.hpp"
#include "limn/sketch/quickdraw.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 64, .floor = 512 << 10};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    std::istringstream in{std::string(fuzz::text_of(input))};
    sketch::read_quickdraw_bin(in, "input", {}, [](sketch::QuickDrawRecord&& record) {
      (void)sketch::ndjson_line(record);
      (void)sketch::quickdraw_bin_record(record);
    });
  });
}
