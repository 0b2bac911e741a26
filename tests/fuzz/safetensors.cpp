// Any safetensors file: the header, and every tensor as numbers.
#include "limn/core/safetensors.hpp"

#include "fuzz/target.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr fuzz::MemoryBound kBound{.per_byte = 160, .floor = 64 << 10};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    const auto file = SafetensorsFile::parse(Bytes(input.begin(), input.end()), "input");
    for (const auto& [name, tensor] : file.tensors())
      if (tensor.type == DType::kF32 || tensor.type == DType::kF16) (void)file.read_f32(name, tensor.shape);
  });
}
