// SVG drawings.
#include "fuzz/target.hpp"
#include "limn/sketch/svg_reader.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Entities make a text up to nine times longer, of which pugixml makes a tree. A few curves may ask for kMaxSvgPoints
  // of 8 bytes, in vectors that double, whatever the size of the file.
  constexpr fuzz::MemoryBound kBound{.per_byte = 256, .floor = 4 * 8 * sketch::kMaxSvgPoints};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    for (const auto& strokes : sketch::parse_svg(fuzz::text_of(input), "input").drawings)
      (void)sketch::from_strokes(strokes);
  });
}
