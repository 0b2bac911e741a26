// Stroke data sets of NumPy and Python: a zip archive, a pickle, or one array, which is read alone and in an archive
// that is made here, as changes to packed bytes rarely get past the archive's checksums.
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
  for (const char* absolute : {"auto", "true"})
    fuzz::survive(data, size, kBound, [&](fuzz::Input input) {
      const sketch::StrokeArrayOptions options{.absolute = absolute, .note = fuzz::check_error_text};
      (void)sketch::parse_sketch_arrays(input, "input", ".pkl", options);
      if (!fuzz::text_of(input).starts_with("\x93NUMPY")) return;
      const std::pair<std::string, Bytes> entry{"train.npy", Bytes(input.begin(), input.end())};
      (void)sketch::parse_npz(arrays::make_zip(std::span(&entry, 1)), "input", options);
    });
  return 0;
}
