// The files of Excalidraw and tldraw, as values of JSON.
#include "limn/sketch/drawing_apps.hpp"

#include "fuzz/target.hpp"
#include "limn/sketch/svg_reader.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Ellipses may ask for kMaxSvgPoints of 8 bytes, in vectors that double, whatever the size of the file.
  constexpr fuzz::MemoryBound kBound{.per_byte = 128, .floor = 4 * 8 * sketch::kMaxSvgPoints};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    const sketch::JsonValues values(fuzz::text_of(input), "input");
    if (sketch::is_tldraw(values.root()))
      (void)sketch::read_tldraw(values.root(), "input", {});
    else
      (void)sketch::read_excalidraw(values.root(), "input", {});
  });
}
