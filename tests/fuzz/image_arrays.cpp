// Files of many images but IDX: the first byte says which of the formats the rest is.
#include "limn/image/image_arrays.hpp"

#include "fuzz/target.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // An archive may unpack to 32 times its size; of that, each byte is there as it is, as a pixel and once more while
  // pixels are put in order, and as a float of four bytes where Fortran's order is.
  constexpr fuzz::MemoryBound kBound{.per_byte = 32 * 8, .floor = 16 << 20};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    if (input.empty()) return;
    const fuzz::Input file = input.subspan(1);
    switch (std::to_integer<char>(input[0])) {
      case '0':
        (void)image::begins_as_npy_images(file);
        (void)image::parse_npy_images(file, "input");
        break;
      case '1':
        (void)image::is_npz_of_images(file);
        (void)image::parse_npz_images(file, "input");
        break;
      case '2':
        (void)image::begins_as_table(fuzz::text_of(file));
        (void)image::parse_table_images(fuzz::text_of(file), "input");
        break;
      case '3':
        (void)image::parse_cifar(file, image::ArrayFormat::kCifar10, "input");
        break;
      default:
        (void)image::parse_cifar(file, image::ArrayFormat::kCifar100, "input");
    }
  });
}
