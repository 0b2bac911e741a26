// A file of PyTorch's torch.save(): a zip archive, the older file, or a pickle and the bytes of one storage, which are
// put into an archive here, as changes to packed bytes rarely get past the archive's checksums.
#include "limn/arrays/pytorch_file.hpp"

#include "arrays/pytorch_files.hpp"
#include "fuzz/target.hpp"
#include "limn/arrays/pickle.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kPerUnpacked = 2 * arrays::kPickleMemoryFactor;
  constexpr fuzz::MemoryBound kBound{.per_byte = kPerUnpacked * arrays::kUnpackFactor,
                                     .floor = kPerUnpacked * arrays::kUnpackFloor};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    const auto read = [](std::span<const std::byte> file) {
      (void)arrays::as_safetensors(arrays::parse_pytorch(file, "input"), "input");
    };
    if (arrays::is_pytorch_file(input)) return read(input);
    // The tree without its protocol and end, the bytes 0, 1 and 255, the numbers.
    const std::string_view text = fuzz::text_of(input);
    const std::size_t end = std::min(text.find(std::string_view("\0\1\xff", 3)), text.size());
    const std::string_view numbers = text.substr(end).substr(std::min<std::size_t>(3, text.size() - end));
    read(testing::pytorch_zip(std::string(text.substr(0, end)), {{"0", std::string(numbers)}}));
  });
}
