// decode_jpeg(), on libjpeg. Its error handler must not return, so it jumps: what may jump stands in
// functions of plain locals; what owns memory stands outside of them.
#include <csetjmp>
#include <cstdio>
// jpeglib.h needs size_t and FILE before it.
#include <jerror.h>
#include <jpeglib.h>

#include <array>

#include "limn/core/error.hpp"
#include "limn/image/image_file.hpp"

namespace limn::image {
namespace {

// A block of 8×8 pixels takes one bit of the file at the very least.
constexpr double kMostPixelsPerByte = 512;
// Each scan of a progressive file goes over the whole image again; encoders write about ten.
constexpr int kMaxScans = 100;

struct JpegError {
  jpeg_error_mgr base;  // first, so that libjpeg's pointer to it is one to the whole
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

struct JpegReader {
  jpeg_decompress_struct info{};
  JpegError error{};
  jpeg_progress_mgr progress{};
  JpegReader() = default;
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
  ~JpegReader() { jpeg_destroy_decompress(&info); }
};

[[noreturn]] void jump_out(j_common_ptr info) {
  auto* error = reinterpret_cast<JpegError*>(info->err);
  error->base.format_message(info, error->message);
  std::longjmp(error->jump, 1);
}

// Warnings (level -1) are damage that libjpeg would paint grey, except for these.
bool is_harmless(int code) {
  constexpr std::array kHarmless{int{JWRN_EXTRANEOUS_DATA}, int{JWRN_JFIF_MAJOR}, int{JWRN_ADOBE_XFORM},
                                 int{JWRN_NOT_SEQUENTIAL}, int{JWRN_BOGUS_ICC}};
  for (const int harmless : kHarmless)
    if (code == harmless) return true;
  return false;
}

void hear_message(j_common_ptr info, int level) {
  if (level < 0 && !is_harmless(info->err->msg_code)) jump_out(info);
}

void say_nothing(j_common_ptr /*info*/) {}

void count_scans(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
  auto* error = reinterpret_cast<JpegError*>(info->err);
  std::snprintf(error->message, sizeof(error->message), "more than %d scans", kMaxScans);
  std::longjmp(error->jump, 1);
}

// False if libjpeg found the file wanting, and said why in reader.error.
bool read_header(JpegReader& reader, std::span<const std::byte> file) {
  jpeg_decompress_struct& info = reader.info;
  info.err = jpeg_std_error(&reader.error.base);
  reader.error.base.error_exit = jump_out;
  reader.error.base.emit_message = hear_message;
  reader.error.base.output_message = say_nothing;
  if (setjmp(reader.error.jump) != 0) return false;
  jpeg_create_decompress(&info);
  reader.progress.progress_monitor = count_scans;
  info.progress = &reader.progress;
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(file.data()), static_cast<unsigned long>(file.size()));
  jpeg_read_header(&info, TRUE);
  const bool is_cmyk = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
  info.out_color_space = is_cmyk ? JCS_CMYK : info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  return true;
}

// Rows of info.output_components bytes a pixel, one after the other.
bool read_rows(JpegReader& reader, JSAMPLE* pixels) {
  jpeg_decompress_struct& info = reader.info;
  if (setjmp(reader.error.jump) != 0) return false;
  jpeg_start_decompress(&info);
  const std::size_t row_bytes = std::size_t{info.output_width} * static_cast<std::size_t>(info.output_components);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels + std::size_t{info.output_scanline} * row_bytes;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

// Inks to light, without a profile. Adobe stores how much ink is missing, others how much there is.
Raster from_cmyk(const Raster& inks, int width, bool is_inverted) {
  Raster raster = make_raster(width, inks.height, 3);
  const auto missing = [&](unsigned value) { return is_inverted ? value : 255 - value; };
  const std::uint8_t* cmyk = inks.pixels.data();
  for (std::size_t i = 0; i < raster.pixels.size(); i += 3, cmyk += 4)
    for (std::size_t c = 0; c < 3; ++c)
      raster.pixels[i + c] = static_cast<std::uint8_t>((missing(cmyk[c]) * missing(cmyk[3]) + 127) / 255);
  return raster;
}

}  // namespace

Raster decode_jpeg(std::span<const std::byte> file, std::string_view origin) {
  JpegReader reader;
  const auto check = [&](bool is_good) {
    require(is_good, "{}: damaged JPEG file: {}; replace or remove it", origin, printable(reader.error.message));
  };
  check(read_header(reader, file));
  const jpeg_decompress_struct& info = reader.info;
  check_declared_size(info.image_width, info.image_height, kMostPixelsPerByte, file.size(), origin);
  const auto width = static_cast<int>(info.image_width), height = static_cast<int>(info.image_height);
  const bool is_cmyk = info.out_color_space == JCS_CMYK;
  // Four inks a pixel are a grey raster of four times the width until they are converted.
  Raster raster = is_cmyk ? make_raster(4 * width, height, 1)
                          : make_raster(width, height, info.out_color_space == JCS_GRAYSCALE ? 1 : 3);
  check(read_rows(reader, raster.pixels.data()));
  return is_cmyk ? from_cmyk(raster, width, info.saw_Adobe_marker == TRUE) : raster;
}

}  // namespace limn::image
