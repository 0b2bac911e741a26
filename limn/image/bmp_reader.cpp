// decode_bmp(): uncompressed BMP files of 1, 4, 8, 16, 24 and 32 bits a pixel, with any of the format's headers. What a
// header says is compared with the bytes that are there before memory is taken.
#include <algorithm>
#include <array>
#include <bit>

#include "limn/arrays/byte_reader.hpp"
#include "limn/core/error.hpp"
#include "limn/image/flatten.hpp"
#include "limn/image/image_file.hpp"

namespace limn::image {
namespace {

using arrays::ByteReader;

constexpr std::uint32_t kFileHeader = 14, kCoreHeader = 12, kInfoHeader = 40;
constexpr std::uint32_t kMasksAt = kFileHeader + kInfoHeader;  // behind or in the header, as its size says
constexpr std::uint32_t kRgb = 0, kBitFields = 3, kAlphaBitFields = 6;

struct Header {
  std::uint32_t size = 0;
  std::uint32_t pixels_at = 0;
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool is_top_down = false;
  unsigned bits = 0;  // per pixel
  std::uint32_t compression = kRgb;
  std::uint32_t colours = 0;                // of the palette
  std::array<std::uint32_t, 4> masks = {};  // of red, green, blue and alpha in a pixel of 16 or 32 bits
};

const char* compression_name(std::uint32_t compression) {
  switch (compression) {
    case 1:
    case 2:
      return "run-length encoded";
    case 4:
      return "with a JPEG inside";
    case 5:
      return "with a PNG inside";
    default:
      return "compressed in an unknown way";
  }
}

void read_masks(std::span<const std::byte> file, std::string_view origin, Header& header) {
  if (header.compression == kRgb) {
    header.masks = header.bits == 16 ? std::array<std::uint32_t, 4>{0x7C00, 0x03E0, 0x001F, 0}
                                     : std::array<std::uint32_t, 4>{0xFF0000, 0x00FF00, 0x0000FF, 0};
    return;
  }
  constexpr std::uint32_t kHeaderWithAlpha = 56;
  const bool has_alpha = header.compression == kAlphaBitFields || header.size >= kHeaderWithAlpha;
  ByteReader reader(file, origin);
  reader.take(kMasksAt, "the header");
  for (std::size_t i = 0; i < (has_alpha ? 4U : 3U); ++i) {
    const auto mask = header.masks[i] = reader.number<std::uint32_t>("the masks");
    const std::uint32_t run = mask == 0 ? 0 : mask >> std::countr_zero(mask);
    require((run & (run + 1)) == 0, "{}: damaged BMP file: a mask of scattered bits; replace or remove it", origin);
  }
}

Header read_header(std::span<const std::byte> file, std::string_view origin) {
  ByteReader reader(file, origin);
  Header header;
  reader.take(10, "the file header");
  header.pixels_at = reader.number<std::uint32_t>("the file header");
  header.size = reader.number<std::uint32_t>("the header");
  if (header.size == kCoreHeader) {
    header.width = reader.number<std::uint16_t>("the width");
    header.height = reader.number<std::uint16_t>("the height");
  } else {
    header.width = reader.number<std::int32_t>("the width");
    header.height = reader.number<std::int32_t>("the height");
  }
  reader.take(2, "the planes");
  header.bits = reader.number<std::uint16_t>("the bits of a pixel");
  if (header.size != kCoreHeader) {
    header.compression = reader.number<std::uint32_t>("the compression");
    reader.take(12, "the header");
    header.colours = reader.number<std::uint32_t>("the colours");
  }
  header.is_top_down = header.height < 0;
  header.height = std::abs(header.height);
  return header;
}

void check_header(const Header& header, std::string_view origin, std::size_t file_size) {
  constexpr std::array<unsigned, 6> kBits{1, 4, 8, 16, 24, 32};
  require(std::ranges::find(kBits, header.bits) != kBits.end(),
          "{}: a BMP file of {} bits a pixel; 1, 4, 8, 16, 24 and 32 are read; save it as PNG", origin, header.bits);
  const bool has_masks = header.compression == kBitFields || header.compression == kAlphaBitFields;
  require(header.compression == kRgb || (has_masks && (header.bits == 16 || header.bits == 32)),
          "{}: a BMP file {}, which is not read; save it as PNG", origin, compression_name(header.compression));
  require(header.width > 0, "{}: damaged: an image of {}×{} pixels; replace or remove it", origin, header.width,
          header.height);
  check_declared_size(static_cast<std::uint64_t>(header.width), static_cast<std::uint64_t>(header.height),
                      8.0 / header.bits, file_size, origin);
}

using Colour = std::array<std::uint8_t, 3>;  // red, green, blue

// As many colours as a pixel can name; those that the file leaves out are black.
std::vector<Colour> read_palette(std::span<const std::byte> file, std::string_view origin, const Header& header) {
  const std::uint32_t most = 1U << header.bits;
  const std::uint32_t count = header.colours == 0 ? most : std::min(header.colours, most);
  std::vector<Colour> palette(most, Colour{});
  ByteReader reader(file, origin);
  reader.take(std::uint64_t{kFileHeader} + header.size, "the header");
  const bool is_core = header.size == kCoreHeader;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto blue_first = reader.take(is_core ? 3 : 4, "the palette");
    for (std::size_t c = 0; c < 3; ++c) palette[i][c] = std::to_integer<std::uint8_t>(blue_first[2 - c]);
  }
  return palette;
}

// The bits under a mask as 0 to 255.
unsigned masked(std::uint32_t pixel, std::uint32_t mask) {
  if (mask == 0) return 0;
  const int shift = std::countr_zero(mask);
  const std::uint64_t most = mask >> shift;
  return static_cast<unsigned>(((std::uint64_t{pixel & mask} >> shift) * 255 + most / 2) / most);
}

class RowPainter {
 public:
  RowPainter(const Header& header, std::vector<Colour> palette) : h_(header), palette_(std::move(palette)) {}

  void paint(std::span<const std::byte> row, std::uint8_t* out) const {
    for (std::size_t x = 0; x < static_cast<std::size_t>(h_.width); ++x, out += 3) {
      const Colour colour = h_.bits <= 8 ? palette_[index(row, x)] : h_.bits == 24 ? direct(row, x) : fields(row, x);
      std::ranges::copy(colour, out);
    }
  }

 private:
  static unsigned byte(std::span<const std::byte> row, std::size_t at) { return std::to_integer<unsigned>(row[at]); }
  [[nodiscard]] unsigned index(std::span<const std::byte> row, std::size_t x) const {
    const std::size_t bit = x * h_.bits;
    return byte(row, bit / 8) >> (8 - h_.bits - bit % 8) & ((1U << h_.bits) - 1);
  }
  static Colour direct(std::span<const std::byte> row, std::size_t x) {
    return {static_cast<std::uint8_t>(byte(row, 3 * x + 2)), static_cast<std::uint8_t>(byte(row, 3 * x + 1)),
            static_cast<std::uint8_t>(byte(row, 3 * x))};
  }
  [[nodiscard]] Colour fields(std::span<const std::byte> row, std::size_t x) const {
    const std::size_t bytes = h_.bits / 8;
    std::uint32_t pixel = 0;
    for (std::size_t i = bytes; i-- > 0;) pixel = pixel << 8 | byte(row, bytes * x + i);
    const unsigned alpha = h_.masks[3] == 0 ? 255 : masked(pixel, h_.masks[3]);
    Colour colour{};
    for (std::size_t c = 0; c < 3; ++c) colour[c] = over_white(masked(pixel, h_.masks[c]), alpha);
    return colour;
  }

  const Header& h_;
  std::vector<Colour> palette_;
};

}  // namespace

Raster decode_bmp(std::span<const std::byte> file, std::string_view origin) {
  Header header = read_header(file, origin);
  check_header(header, origin, file.size());
  if (header.bits == 16 || header.bits == 32) read_masks(file, origin, header);
  const RowPainter painter(header, header.bits <= 8 ? read_palette(file, origin, header) : std::vector<Colour>{});
  const auto width = static_cast<std::uint64_t>(header.width), height = static_cast<std::uint64_t>(header.height);
  const std::uint64_t row_bytes = (width * header.bits + 31) / 32 * 4;
  ByteReader reader(file, origin);
  reader.take(header.pixels_at, "the header");
  const auto rows = reader.take(row_bytes * height, "the pixels");
  Raster image = make_raster(static_cast<int>(width), static_cast<int>(height), 3);
  for (std::uint64_t y = 0; y < height; ++y) {
    const std::uint64_t at = (header.is_top_down ? y : height - 1 - y) * row_bytes;
    painter.paint(rows.subspan(at, row_bytes), image.at(0, static_cast<int>(y)));
  }
  return grey_if_colourless(std::move(image));
}

}  // namespace limn::image
