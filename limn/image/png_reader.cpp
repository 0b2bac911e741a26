// decode_png(), on libpng. Its error handler jumps, so what may jump stands in functions of plain locals;
// what owns memory stands outside of them.
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "limn/core/error.hpp"
#include "limn/image/flatten.hpp"
#include "limn/image/image_file.hpp"

namespace limn::image {
namespace {

constexpr double kMostDeflated = 1032;  // bytes that deflate packs into one, at the very best

struct PngInput {
  std::span<const std::byte> rest;
  char message[96] = "";
};

struct PngReader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
};

struct PngHeader {
  png_uint_32 width = 0;
  png_uint_32 height = 0;
  double bits_per_pixel = 0;  // as stored
  bool is_grey = false;       // has no colour, whatever the channels
  int channels = 0;           // 8-bit, after conversion: grey, grey and alpha, RGB, RGB and alpha
};

[[noreturn]] void jump_out(png_structp png, png_const_charp message) {
  auto* input = static_cast<PngInput*>(png_get_error_ptr(png));
  std::snprintf(input->message, sizeof(input->message), "%s", message);
  png_longjmp(png, 1);
}

void pass_over(png_structp /*png*/, png_const_charp /*warning*/) {}

void read_bytes(png_structp png, png_bytep out, std::size_t count) {
  auto* input = static_cast<PngInput*>(png_get_io_ptr(png));
  if (count > input->rest.size()) png_error(png, "the file ends too early");
  std::memcpy(out, input->rest.data(), count);
  input->rest = input->rest.subspan(count);
}

bool is_grey_palette(png_structp png, png_infop info) {
  png_colorp colours = nullptr;
  int count = 0;
  png_get_PLTE(png, info, &colours, &count);
  return std::all_of(colours, colours + count,
                     [](const png_color& c) { return c.red == c.green && c.green == c.blue; });
}

// False if libpng found the file wanting, and said why in the PngInput.
bool read_header(PngReader& reader, PngHeader& header) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_user_limits(reader.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // check_declared_size() has its say
  // Texts and profiles are passed over unopened: each may unpack to 8 MB, and there may be a thousand of them.
  constexpr int kAllButPixels = -1;
  png_set_keep_unknown_chunks(reader.png, PNG_HANDLE_CHUNK_NEVER, nullptr, kAllButPixels);
  png_read_info(reader.png, reader.info);
  int depth = 0, colour_type = 0;
  png_get_IHDR(reader.png, reader.info, &header.width, &header.height, &depth, &colour_type, nullptr, nullptr, nullptr);
  header.bits_per_pixel = depth * png_get_channels(reader.png, reader.info);
  header.is_grey = (colour_type & PNG_COLOR_MASK_COLOR) == 0 ||
                   (colour_type == PNG_COLOR_TYPE_PALETTE && is_grey_palette(reader.png, reader.info));
  return true;
}

// Asks for 8-bit channels with the alpha beside them.
bool set_conversion(PngReader& reader, PngHeader& header) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_expand(reader.png);  // palettes to RGB, 1, 2 and 4 bits of grey to 8, a transparent colour to alpha
  png_set_scale_16(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  header.channels = png_get_channels(reader.png, reader.info);
  return true;
}

bool read_rows(PngReader& reader, png_bytepp rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_read_image(reader.png, rows);
  png_read_end(reader.png, nullptr);
  return true;
}

}  // namespace

Raster decode_png(std::span<const std::byte> file, std::string_view origin) {
  PngInput input{.rest = file};
  PngReader reader;
  const auto check = [&](bool is_good) {
    require(is_good, "{}: damaged PNG file: {}; replace or remove it", origin, printable(input.message));
  };
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &input, jump_out, pass_over);
  reader.info = reader.png == nullptr ? nullptr : png_create_info_struct(reader.png);
  require(reader.info != nullptr, "{}: no memory to read it", origin);
  png_set_read_fn(reader.png, &input, read_bytes);

  PngHeader header;
  check(read_header(reader, header));
  check_declared_size(header.width, header.height, kMostDeflated * 8 / header.bits_per_pixel, file.size(), origin);
  check(set_conversion(reader, header));
  const std::size_t row_bytes = std::size_t{header.width} * static_cast<std::size_t>(header.channels);
  std::vector<png_byte> pixels(row_bytes * header.height);
  std::vector<png_bytep> rows(header.height);
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = pixels.data() + y * row_bytes;
  check(read_rows(reader, rows.data()));
  return flattened(pixels, static_cast<int>(header.width), static_cast<int>(header.height), header.channels,
                   header.is_grey);
}

}  // namespace limn::image
