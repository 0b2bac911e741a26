#include "image/picture_files.hpp"

#include <png.h>
#include <zlib.h>

#include <cstdio>
// jpeglib.h needs FILE before it.
#include <jpeglib.h>

#include <cstdlib>
#include <stdexcept>

namespace limn::testing {
namespace {

[[noreturn]] void throw_png_error(png_structp /*png*/, png_const_charp message) { throw std::runtime_error(message); }

void append_bytes_to(png_structp png, png_bytep data, std::size_t size) {
  auto* file = static_cast<Bytes*>(png_get_io_ptr(png));
  const auto* begin = reinterpret_cast<const std::byte*>(data);
  file->insert(file->end(), begin, begin + size);
}

void write_header(png_structp png, png_infop info, const PngSpec& spec) {
  png_set_IHDR(png, info, spec.width, spec.height, spec.depth, spec.colour_type,
               spec.is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_color> palette;
  for (std::size_t i = 0; i + 2 < spec.palette.size(); i += 3)
    palette.push_back({spec.palette[i], spec.palette[i + 1], spec.palette[i + 2]});
  if (!palette.empty()) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  if (spec.gamma > 0) png_set_gAMA(png, info, spec.gamma);
  png_write_info(png, info);
  if (!spec.transparency.empty()) {
    const unsigned char name[5] = "tRNS";
    png_write_chunk(png, name, spec.transparency.data(), spec.transparency.size());
  }
}

std::size_t row_bytes(const PngSpec& spec) {
  constexpr int kChannels[] = {1, 0, 3, 1, 2, 0, 4};
  return (spec.width * static_cast<std::size_t>(spec.depth * kChannels[spec.colour_type]) + 7) / 8;
}

}  // namespace

Bytes png_file(const PngSpec& spec) {
  Bytes file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, throw_png_error, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &file, append_bytes_to, nullptr);
  write_header(png, info, spec);
  std::vector<png_bytep> rows;
  std::vector<std::uint8_t> pixels = spec.rows;
  if (pixels.size() != row_bytes(spec) * spec.height) throw std::logic_error("png_file: rows of another size");
  for (std::size_t y = 0; y < spec.height; ++y) rows.push_back(pixels.data() + y * row_bytes(spec));
  png_write_image(png, rows.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return file;
}

Bytes png_file(const image::Raster& image) {
  return png_file(PngSpec{.width = static_cast<std::uint32_t>(image.width),
                          .height = static_cast<std::uint32_t>(image.height),
                          .colour_type = image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                          .rows = image.pixels});
}

Bytes jpeg_file(const JpegSpec& spec) {
  jpeg_compress_struct info{};
  jpeg_error_mgr error{};
  info.err = jpeg_std_error(&error);  // ends the test program on a mistake of its own
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = static_cast<JDIMENSION>(spec.width);
  info.image_height = static_cast<JDIMENSION>(spec.height);
  info.input_components = spec.channels;
  info.in_color_space = spec.channels == 1 ? JCS_GRAYSCALE : spec.channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, spec.quality, TRUE);
  if (spec.is_progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  std::vector<std::uint8_t> pixels = spec.pixels;
  const auto row_size = static_cast<std::size_t>(spec.width * spec.channels);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = pixels.data() + info.next_scanline * row_size;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const auto* begin = reinterpret_cast<const std::byte*>(buffer);
  Bytes file(begin, begin + size);
  std::free(buffer);
  return file;
}

Bytes idx_file(const std::vector<std::uint32_t>& sizes, std::span<const std::uint8_t> content, std::uint8_t type) {
  Bytes file{std::byte{0}, std::byte{0}, std::byte{type}, static_cast<std::byte>(sizes.size())};
  for (const std::uint32_t size : sizes)
    for (const int shift : {24, 16, 8, 0}) file.push_back(static_cast<std::byte>(size >> shift));
  for (const std::uint8_t value : content) file.push_back(std::byte{value});
  return file;
}

std::vector<std::uint8_t> ramp(std::size_t count, unsigned first) {
  std::vector<std::uint8_t> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<std::uint8_t>((first + 7 * i) % 251));
  return values;
}

image::Raster ramp_image(int width, int height, int channels, unsigned first) {
  image::Raster image = image::make_raster(width, height, channels);
  image.pixels = ramp(image.pixels.size(), first);
  return image;
}

}  // namespace limn::testing
