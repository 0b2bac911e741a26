// Stroke data sets of NumPy: a zip archive, or one array on its own, which is put into an archive here, as changes to
// packed bytes rarely get past the archive's checksums.
#include "limn/sketch/npz.hpp"

#include "fuzz/target.hpp"
#include "limn/arrays/pickle.hpp"
#include "limn/arrays/zip_archive.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Of each byte that unpacks come a pickle's values, and sketches of one point from three.
  constexpr std::uint64_t kPerUnpacked = 2 * arrays::kPickleMemoryFactor;
  constexpr fuzz::MemoryBound kBound{.per_byte = kPerUnpacked * arrays::kUnpackFactor,
                                     .floor = kPerUnpacked * arrays::kUnpackFloor};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    if (!fuzz::text_of(input).starts_with("\x93NUMPY")) return void(sketch::parse_npz(input, "input"));
    const std::pair<std::string, Bytes> entry{"train.npy", Bytes(input.begin(), input.end())};
    (void)sketch::parse_npz(arrays::make_zip(std::span(&entry, 1)), "input");
  });
}
