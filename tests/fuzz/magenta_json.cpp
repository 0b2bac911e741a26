// Magenta's models in JSON, in scripts, and packed by gzip.
#include "limn/models/sketch_rnn/magenta_json.hpp"

#include "fuzz/target.hpp"
#include "limn/arrays/gunzip.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kPerByte = 128, kUnpacked = 64 << 10;
  const bool is_packed = arrays::is_gzip(std::as_bytes(std::span(data, size)));
  const fuzz::MemoryBound bound{.per_byte = kPerByte, .floor = is_packed ? (1 + kPerByte) * kUnpacked : 64 << 10};
  return fuzz::survive(data, size, bound, [](fuzz::Input input) {
    const Bytes bytes = arrays::gunzipped(Bytes(input.begin(), input.end()), "input", kUnpacked);
    (void)models::parse_magenta_json(fuzz::text_of(bytes), "input");
  });
}
