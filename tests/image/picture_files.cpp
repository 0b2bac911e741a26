#include "image/picture_files.hpp"

#include <gif_lib.h>
#include <png.h>
#include <webp/encode.h>
#include <zlib.h>

#include <cstdio>
// jpeglib.h needs FILE before it.
#include <jpeglib.h>

#include <array>
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

namespace {

void put(Bytes& out, std::uint64_t value, int size, bool is_big_endian = false) {
  for (int i = 0; i < size; ++i)
    out.push_back(static_cast<std::byte>(value >> (8 * (is_big_endian ? size - 1 - i : i)) & 0xff));
}

void put(Bytes& out, std::string_view text) {
  const auto bytes = as_bytes(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void put(Bytes& out, std::span<const std::uint8_t> values) {
  for (const std::uint8_t value : values) out.push_back(std::byte{value});
}

int append_to(GifFileType* gif, const GifByteType* data, int count) {
  put(*static_cast<Bytes*>(gif->UserData), std::span(data, static_cast<std::size_t>(count)));
  return count;
}

void write_frame(GifFileType* gif, const GifSpec& spec) {
  if (spec.transparent >= 0) {
    const GraphicsControlBlock control{
        .DisposalMode = 0, .UserInputFlag = false, .DelayTime = 0, .TransparentColor = spec.transparent};
    std::array<GifByteType, 4> block{};
    EGifGCBToExtension(&control, block.data());
    EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, block.data());
  }
  const int width = spec.frame_width > 0 ? spec.frame_width : spec.width;
  const int height = spec.frame_height > 0 ? spec.frame_height : spec.height;
  EGifPutImageDesc(gif, spec.left, spec.top, width, height, spec.is_interlaced, nullptr);
  std::vector<std::uint8_t> pixels = spec.pixels;
  const auto put_row = [&](int y) { EGifPutLine(gif, pixels.data() + y * width, width); };
  if (!spec.is_interlaced) {
    for (int y = 0; y < height; ++y) put_row(y);
    return;
  }
  for (const auto& [first, step] : {std::pair(0, 8), {4, 8}, {2, 4}, {1, 2}})
    for (int y = first; y < height; y += step) put_row(y);
}

}  // namespace

Bytes gif_file(const GifSpec& spec) {
  Bytes file;
  int error = 0;
  GifFileType* gif = EGifOpen(&file, append_to, &error);
  if (gif == nullptr) throw std::runtime_error("gif_file: cannot write");
  const auto count = static_cast<int>(spec.colours.size() / 3);
  std::vector<GifColorType> colours;
  for (std::size_t i = 0; i + 2 < spec.colours.size(); i += 3)
    colours.push_back({spec.colours[i], spec.colours[i + 1], spec.colours[i + 2]});
  ColorMapObject* map = GifMakeMapObject(count, colours.data());
  EGifSetGifVersion(gif, true);
  EGifPutScreenDesc(gif, spec.width, spec.height, 8, 0, map);
  GifFreeMapObject(map);
  for (int i = 0; i < spec.frames; ++i) write_frame(gif, spec);
  EGifCloseFile(gif, &error);
  return file;
}

namespace {

Bytes taken(std::uint8_t* data, std::size_t size) {
  Bytes file;
  put(file, std::span(data, size));
  WebPFree(data);
  return file;
}

std::vector<std::uint8_t> rgb_of(const image::Raster& image) {
  std::vector<std::uint8_t> rgb;
  for (std::size_t i = 0; i < image.pixels.size(); i += static_cast<std::size_t>(image.channels))
    for (std::size_t c = 0; c < 3; ++c) rgb.push_back(image.pixels[i + (image.channels == 3 ? c : 0)]);
  return rgb;
}

}  // namespace

Bytes webp_file(const image::Raster& image, const std::vector<std::uint8_t>& alpha) {
  const std::vector<std::uint8_t> rgb = rgb_of(image);
  std::uint8_t* out = nullptr;
  if (alpha.empty()) {
    const std::size_t size = WebPEncodeLosslessRGB(rgb.data(), image.width, image.height, 3 * image.width, &out);
    return taken(out, size);
  }
  std::vector<std::uint8_t> rgba;
  for (std::size_t i = 0; i < alpha.size(); ++i)
    rgba.insert(rgba.end(), {rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2], alpha[i]});
  const std::size_t size = WebPEncodeLosslessRGBA(rgba.data(), image.width, image.height, 4 * image.width, &out);
  return taken(out, size);
}

Bytes lossy_webp_file(const image::Raster& image) {
  constexpr float kQuality = 90;
  std::uint8_t* out = nullptr;
  const std::size_t size =
      WebPEncodeRGB(rgb_of(image).data(), image.width, image.height, 3 * image.width, kQuality, &out);
  return taken(out, size);
}

Bytes bmp_file(const BmpSpec& spec) {
  const bool is_core = spec.header_size == 12;
  Bytes body;  // all behind the file header, without the pixels
  put(body, spec.header_size, 4);
  put(body, static_cast<std::uint64_t>(spec.width), is_core ? 2 : 4);
  put(body, static_cast<std::uint64_t>(std::int64_t{spec.height}), is_core ? 2 : 4);
  put(body, 1, 2);
  put(body, static_cast<std::uint64_t>(spec.bits), 2);
  if (!is_core) {
    put(body, spec.compression, 4);
    body.resize(body.size() + 12);
    put(body, spec.palette.size() / 3, 4);
    put(body, 0, 4);
    for (const std::uint32_t mask : spec.masks) put(body, mask, 4);
    if (body.size() < spec.header_size) body.resize(spec.header_size);
  }
  for (std::size_t i = 0; i + 2 < spec.palette.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) body.push_back(std::byte{spec.palette[i + 2 - c]});
    if (!is_core) body.push_back(std::byte{0});
  }
  Bytes pixels;
  for (const auto& row : spec.rows) {
    put(pixels, row);
    while (pixels.size() % 4 != 0) pixels.push_back(std::byte{0});
  }
  constexpr std::size_t kFileHeader = 14;
  Bytes file;
  put(file, "BM");
  put(file, kFileHeader + body.size() + pixels.size(), 4);
  put(file, 0, 4);
  put(file, kFileHeader + body.size(), 4);
  file.insert(file.end(), body.begin(), body.end());
  file.insert(file.end(), pixels.begin(), pixels.end());
  return file;
}

Bytes bmp_file(const image::Raster& image) {
  const std::vector<std::uint8_t> rgb = rgb_of(image);
  BmpSpec spec{.width = image.width, .height = image.height, .rows = {}};
  for (int y = image.height; y-- > 0;) {
    std::vector<std::uint8_t>& row = spec.rows.emplace_back();
    for (int x = 0; x < image.width; ++x)
      for (const std::size_t c : {2U, 1U, 0U})
        row.push_back(rgb[static_cast<std::size_t>(3 * (y * image.width + x)) + c]);
  }
  return bmp_file(spec);
}

Bytes tiff_file(const TiffSpec& spec) {
  std::vector<std::uint8_t> strip = spec.pixels;
  if (spec.compression == 8) {
    uLongf size = compressBound(strip.size());
    std::vector<std::uint8_t> packed(size);
    if (compress(packed.data(), &size, strip.data(), strip.size()) != Z_OK) throw std::runtime_error("cannot pack");
    packed.resize(size);
    strip = packed;
  }
  constexpr std::uint64_t kShort = 3, kLong = 4;
  Bytes file;
  put(file, std::string_view("II*\0", 4));
  put(file, 0, 4);  // the first directory, put right below
  std::size_t link = 4;
  for (int picture = 0; picture < spec.pictures; ++picture) {
    const std::size_t strip_at = file.size();
    put(file, strip);
    const std::size_t palette_at = file.size();
    for (const std::uint16_t value : spec.palette) put(file, value, 2);
    const std::size_t bits_at = file.size();
    for (int i = 0; i < spec.samples; ++i) put(file, spec.bits, 2);
    if (file.size() % 2 != 0) file.push_back(std::byte{0});
    Bytes where;
    put(where, file.size(), 4);
    std::copy(where.begin(), where.end(), file.begin() + static_cast<std::ptrdiff_t>(link));
    struct Entry {
      std::uint64_t tag, type, count, value;
    };
    std::vector<Entry> entries{{254, kLong, 1, spec.kind},
                               {256, kLong, 1, spec.width},
                               {257, kLong, 1, spec.height},
                               {258, kShort, spec.samples, spec.samples <= 2 ? spec.bits * 0x10001ULL : bits_at},
                               {259, kShort, 1, spec.compression},
                               {262, kShort, 1, spec.photometric},
                               {273, kLong, 1, strip_at},
                               {274, kShort, 1, spec.orientation},
                               {277, kShort, 1, spec.samples},
                               {278, kLong, 1, spec.height},
                               {279, kLong, 1, strip.size()}};
    if (!spec.palette.empty()) entries.push_back({320, kShort, spec.palette.size(), palette_at});
    if (spec.extra != 0) entries.push_back({338, kShort, 1, spec.extra});
    put(file, entries.size(), 2);
    for (const Entry& entry : entries) {
      put(file, entry.tag, 2);
      put(file, entry.type, 2);
      put(file, entry.count, 4);
      put(file, entry.value, 4);
    }
    link = file.size();
    put(file, 0, 4);
  }
  return file;
}

Bytes tiff_file(const image::Raster& image) {
  return tiff_file(TiffSpec{.width = static_cast<std::uint32_t>(image.width),
                            .height = static_cast<std::uint32_t>(image.height),
                            .samples = static_cast<std::uint16_t>(image.channels),
                            .photometric = static_cast<std::uint16_t>(image.channels == 1 ? 1 : 2),
                            .pixels = image.pixels});
}

Bytes exif_block(int orientation, bool is_big_endian) {
  Bytes exif;
  put(exif, is_big_endian ? "MM" : "II");
  put(exif, 42, 2, is_big_endian);
  put(exif, 8, 4, is_big_endian);
  put(exif, 2, 2, is_big_endian);  // entries
  put(exif, 0x0100, 2, is_big_endian);
  put(exif, 4, 2, is_big_endian);
  put(exif, 1, 4, is_big_endian);
  put(exif, 7, 4, is_big_endian);
  put(exif, 0x0112, 2, is_big_endian);
  put(exif, 3, 2, is_big_endian);
  put(exif, 1, 4, is_big_endian);
  put(exif, static_cast<std::uint64_t>(orientation), 2, is_big_endian);
  put(exif, 0, 2);
  put(exif, 0, 4);
  return exif;
}

Bytes with_exif(const Bytes& file, const Bytes& exif) {
  Bytes chunk;
  std::size_t at = 0;
  if (file[0] == std::byte{0xff}) {  // JPEG: behind the first marker
    at = 2;
    put(chunk, 0xffe1, 2, true);
    put(chunk, exif.size() + 8, 2, true);
    put(chunk, std::string_view("Exif\0\0", 6));
    chunk.insert(chunk.end(), exif.begin(), exif.end());
  } else if (file[0] == std::byte{0x89}) {  // PNG: behind the header
    at = 33;
    put(chunk, exif.size(), 4, true);
    put(chunk, "eXIf");
    chunk.insert(chunk.end(), exif.begin(), exif.end());
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(chunk.data()) + 4, static_cast<uInt>(chunk.size() - 4));
    put(chunk, sum, 4, true);
  } else {  // WebP: at the end
    at = file.size();
    put(chunk, "EXIF");
    put(chunk, exif.size(), 4);
    chunk.insert(chunk.end(), exif.begin(), exif.end());
    if (exif.size() % 2 != 0) chunk.push_back(std::byte{0});
  }
  Bytes whole = file;
  whole.insert(whole.begin() + static_cast<std::ptrdiff_t>(at), chunk.begin(), chunk.end());
  if (at == file.size()) {
    Bytes size;
    put(size, whole.size() - 8, 4);
    std::copy(size.begin(), size.end(), whole.begin() + 4);
  }
  return whole;
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
