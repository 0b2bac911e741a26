// limn's own checkpoints of every family, whatever their metadata say. An input is a safetensors header as text, a zero
// byte and the tensors' bytes; the header's length is put before it here, so that changes to the text get further.
#include "fuzz/header_input.hpp"
#include "fuzz/target.hpp"
#include "limn/models/registry.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 256, .floor = 1 << 20};
  static const models::Registry registry = models::standard_registry();
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    const fuzz::MemoryFile file(fuzz::with_header_length(input));
    (void)registry.load(file.path());
  });
}
