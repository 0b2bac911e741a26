// Quick, Draw! ndjson. What is read can be written in both formats.
#include <sstream>

#include "fuzz/target.hpp"
#include "limn/sketch/quickdraw.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 64, .floor = 256 << 10};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    std::istringstream in{std::string(fuzz::text_of(input))};
    sketch::read_ndjson(in, "input", {}, [](sketch::QuickDrawRecord&& record) {
      (void)sketch::ndjson_line(record);
      (void)sketch::quickdraw_bin_record(record);
    });
  });
}
