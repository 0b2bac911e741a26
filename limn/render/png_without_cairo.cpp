// png.hpp of a build without cairo: pixels as PNG files by libpng, and nothing that paints strokes. libpng's error
// handler jumps, so encode() has plain locals alone; what owns memory stands outside of it.
#include <png.h>

#include <csetjmp>
#include <cstdio>

#include "limn/core/error.hpp"
#include "limn/render/png.hpp"

namespace limn::render {
namespace {

struct PngOutput {
  Bytes bytes;
  char message[96] = "";
};

struct PngWriter {
  png_structp png = nullptr;
  png_infop info = nullptr;
  ~PngWriter() { png_destroy_write_struct(&png, &info); }
};

[[noreturn]] void jump_out(png_structp png, png_const_charp message) {
  auto* output = static_cast<PngOutput*>(png_get_error_ptr(png));
  std::snprintf(output->message, sizeof output->message, "%s", message);
  png_longjmp(png, 1);
}

void pass_over(png_structp /*png*/, png_const_charp /*warning*/) {}

// libpng is C: nothing may be thrown through it.
void append_bytes(png_structp png, png_bytep data, std::size_t count) {
  auto* output = static_cast<PngOutput*>(png_get_io_ptr(png));
  bool has_room = true;
  try {
    const auto* first = reinterpret_cast<const std::byte*>(data);
    output->bytes.insert(output->bytes.end(), first, first + count);
  } catch (...) {
    has_room = false;
  }
  if (!has_room) png_error(png, "no memory");
}

void flush_nothing(png_structp /*png*/) {}

bool encode(png_structp png, png_infop info, const image::Raster& raster) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  const int colour = raster.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB;
  png_set_IHDR(png, info, static_cast<png_uint_32>(raster.width), static_cast<png_uint_32>(raster.height), 8, colour,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (int y = 0; y < raster.height; ++y) png_write_row(png, raster.at(0, y));
  png_write_end(png, info);
  return true;
}

}  // namespace

bool can_paint() { return false; }

image::Raster paint(const Picture& /*picture*/, const PaintOptions& /*options*/) {
  fail("this build of limn paints no strokes to pixels; use SVG");
}

Bytes encode_png(const image::Raster& raster) {
  image::check_raster(raster, "encode_png");
  PngOutput output;
  PngWriter writer;
  writer.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &output, jump_out, pass_over);
  if (writer.png != nullptr) writer.info = png_create_info_struct(writer.png);
  require(writer.info != nullptr, "cannot encode a PNG: no memory");
  png_set_write_fn(writer.png, &output, append_bytes, flush_nothing);
  require(encode(writer.png, writer.info, raster), "cannot encode a PNG: {}", output.message);
  return std::move(output.bytes);
}

void write_png(const std::filesystem::path& path, const image::Raster& raster) {
  write_file(path, naming(path.string(), [&] { return encode_png(raster); }));
}

}  // namespace limn::render
