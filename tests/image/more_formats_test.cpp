// GIF, WebP, BMP and TIFF.
#include <gmock/gmock.h>

#include <cstring>

#include "image/picture_files.hpp"
#include "limn/image/image_file.hpp"
#include "testing/hostile.hpp"

namespace limn::image {
namespace {

using testing::bmp_file;
using testing::BmpSpec;
using ::testing::ElementsAre;
using testing::gif_file;
using testing::GifSpec;
using ::testing::HasSubstr;
using testing::lossy_webp_file;
using testing::ramp;
using testing::ramp_image;
using testing::tiff_file;
using testing::TiffSpec;
using testing::webp_file;

Raster decode(std::span<const std::byte> file) { return decode_image(file, "file"); }
std::string error_for(std::span<const std::byte> file) {
  return error_of([&] { return decode(file); });
}
bool has_more(std::span<const std::byte> file) {
  bool more = false;
  (void)decode_image(file, "file", &more);
  return more;
}

// Puts a little-endian number into a file.
Bytes with_number(Bytes file, std::size_t at, std::uint32_t value, std::size_t size) {
  std::memcpy(file.data() + at, &value, size);
  return file;
}

const std::vector<std::uint8_t> kColours{255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9};

GifSpec small_gif() { return {.width = 3, .height = 2, .colours = kColours, .pixels = {0, 1, 2, 3, 0, 1}}; }

TEST(Gif, ReadsColoursAndGrey) {
  const Raster image = decode(gif_file(small_gif()));
  EXPECT_EQ(image.width, 3);
  EXPECT_EQ(image.channels, 3);
  EXPECT_THAT(image.pixels, ElementsAre(255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9, 255, 0, 0, 0, 255, 0));
  GifSpec grey = small_gif();
  grey.pixels = {3, 3, 3, 3, 3, 3};
  EXPECT_EQ(decode(gif_file(grey)), make_raster(3, 2, 1, 9));
}

TEST(Gif, ReadsInterlacedRowsInOrder) {
  GifSpec spec{.width = 1, .height = 11, .colours = {}, .pixels = {}};
  for (int i = 0; i < 16; ++i) spec.colours.insert(spec.colours.end(), 3, static_cast<std::uint8_t>(i));
  for (int i = 0; i < 11; ++i) spec.pixels.push_back(static_cast<std::uint8_t>(i));
  const Raster plain = decode(gif_file(spec));
  EXPECT_EQ(plain.pixels, spec.pixels);
  spec.is_interlaced = true;
  EXPECT_EQ(decode(gif_file(spec)), plain);
}

TEST(Gif, PaintsTheFirstFrameOnWhite) {
  GifSpec spec{.width = 3, .height = 2, .colours = kColours, .pixels = {1, 2}};
  spec.left = 1, spec.top = 1, spec.frame_width = 2, spec.frame_height = 1;
  spec.transparent = 2;
  spec.frames = 3;
  const Bytes file = gif_file(spec);
  EXPECT_THAT(decode(file).pixels,
              ElementsAre(255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 255, 0, 255, 255, 255));
  EXPECT_TRUE(has_more(file));
  EXPECT_FALSE(has_more(gif_file(small_gif())));
}

TEST(Gif, BearsTruncationAndChanges) {
  const Bytes file = gif_file(small_gif());
  EXPECT_LE(accepted_truncations(decode, file), 2U);  // without the trailer the picture is whole
  EXPECT_THAT(error_for(std::span(file).first(file.size() - 6)), HasSubstr("file: damaged GIF file: "));
  expect_survives_changes(decode, file, 3000, 1);
  GifSpec frames = small_gif();
  frames.frames = 3, frames.transparent = 1, frames.is_interlaced = true;
  expect_survives_changes(decode, gif_file(frames), 3000, 2);
}

TEST(Gif, RefusesSizesThatItsBytesCannotHold) {
  const Bytes file = gif_file(small_gif());
  constexpr std::size_t kWidthAt = 6;
  EXPECT_THAT(error_for(with_number(file, kWidthAt, 0x2000'2000, 4)),
              HasSubstr("declares 8192×8192 pixels, more than"));
  EXPECT_THAT(error_for(with_number(file, kWidthAt, 0xffff'ffff, 4)), HasSubstr("pixels are more than the 67108864"));
}

TEST(Webp, ReadsColoursGreyAndAlpha) {
  for (const int channels : {1, 3})
    EXPECT_EQ(decode(webp_file(ramp_image(7, 5, channels))), ramp_image(7, 5, channels));
  const Raster black = make_raster(3, 1, 3, 0);
  EXPECT_THAT(decode(webp_file(black, {255, 0, 51})).pixels, ElementsAre(0, 255, 204));
  const Raster red{.width = 2, .height = 1, .channels = 3, .pixels = {255, 0, 0, 255, 0, 0}};
  EXPECT_THAT(decode(webp_file(red, {255, 0})).pixels, ElementsAre(255, 0, 0, 255, 255, 255));
  const Raster lossy = decode(lossy_webp_file(make_raster(20, 9, 1, 77)));
  EXPECT_EQ(lossy.channels, 1);
  EXPECT_NEAR(lossy.pixels[30], 77, 3);
}

TEST(Webp, BearsTruncationAndChanges) {
  for (const Bytes& file : {webp_file(ramp_image(7, 5, 3)), lossy_webp_file(ramp_image(17, 5, 3))}) {
    EXPECT_LE(accepted_truncations(decode, file), 1U);  // the last byte may be padding
    EXPECT_THAT(error_for(std::span(file).first(40)), HasSubstr("file: damaged WebP file: "));
    expect_survives_changes(decode, file, 2000, 1);
  }
}

TEST(Webp, RefusesAnimationsAndSizesThatItsBytesCannotHold) {
  Bytes file = bytes_of(std::string("RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x06\0\0\x04\0\0ANIM\0\0\0\0", 38));
  EXPECT_THAT(error_for(file), HasSubstr("an animated WebP, which is not read; save one picture of it as PNG"));
  // Of one colour, so that all its pixels take no bits: 14 bits of width and of height.
  Bytes blank = webp_file(make_raster(16, 16, 1, 3));
  constexpr std::size_t kSizeAt = 21;
  EXPECT_THAT(error_for(with_number(blank, kSizeAt, 0x0fff'ffff, 4)), HasSubstr("file: "));
  EXPECT_THAT(error_for(with_number(blank, kSizeAt, 8191U | 2999U << 14, 4)),
              HasSubstr("declares 8192×3000 pixels, more than"));
}

TEST(Bmp, ReadsColoursAndGrey) {
  for (const int channels : {1, 3}) EXPECT_EQ(decode(bmp_file(ramp_image(7, 5, channels))), ramp_image(7, 5, channels));
}

TEST(Bmp, ReadsPalettes) {
  BmpSpec spec{.width = 10, .height = 2, .bits = 1, .palette = {0, 0, 0, 255, 0, 0}, .rows = {}};
  spec.rows = {{0b10000000, 0b01000000}, {0b00000001, 0b10000000}};
  const Raster image = decode(bmp_file(spec));
  EXPECT_EQ(image.channels, 3);
  for (int x = 0; x < 10; ++x) {
    EXPECT_EQ(image.at(x, 0)[0], x == 7 || x == 8 ? 255 : 0) << x;  // the last row stored is the top
    EXPECT_EQ(image.at(x, 1)[0], x == 0 || x == 9 ? 255 : 0) << x;
  }
  spec = {.width = 3, .height = -1, .bits = 4, .palette = {}, .rows = {{0x21, 0x00}}};
  for (int i = 0; i < 16; ++i) spec.palette.insert(spec.palette.end(), 3, static_cast<std::uint8_t>(17 * i));
  EXPECT_THAT(decode(bmp_file(spec)).pixels, ElementsAre(34, 17, 0));
  spec.bits = 8;
  spec.rows = {{15, 1, 200}};  // a place beyond the colours is black
  EXPECT_THAT(decode(bmp_file(spec)).pixels, ElementsAre(255, 17, 0));
}

TEST(Bmp, ReadsItsOtherHeadersAndOrders) {
  BmpSpec spec{.width = 1, .height = 2, .header_size = 12, .rows = {{1, 2, 3}, {4, 5, 6}}};
  EXPECT_THAT(decode(bmp_file(spec)).pixels, ElementsAre(6, 5, 4, 3, 2, 1));
  spec.header_size = 40;
  spec.height = -2;
  EXPECT_THAT(decode(bmp_file(spec)).pixels, ElementsAre(3, 2, 1, 6, 5, 4));
  spec.header_size = 124;
  EXPECT_THAT(decode(bmp_file(spec)).pixels, ElementsAre(3, 2, 1, 6, 5, 4));
}

TEST(Bmp, ReadsMasks) {
  BmpSpec spec{.width = 2, .height = 1, .bits = 16, .rows = {{0x00, 0x7C, 0x1F, 0x00}}};  // 5 bits each
  EXPECT_THAT(decode(bmp_file(spec)).pixels, ElementsAre(255, 0, 0, 0, 0, 255));
  spec.compression = 3;
  spec.masks = {0xF800, 0x07E0, 0x001F};
  spec.rows = {{0xE0, 0x07, 0x00, 0x80}};
  EXPECT_THAT(decode(bmp_file(spec)).pixels, ElementsAre(0, 255, 0, 132, 0, 0));
  spec = {.width = 2, .height = 1, .bits = 32, .rows = {{1, 2, 3, 0, 4, 5, 6, 0}}};  // the fourth byte is not alpha
  EXPECT_THAT(decode(bmp_file(spec)).pixels, ElementsAre(3, 2, 1, 6, 5, 4));
  spec.compression = 3;
  spec.header_size = 56;
  spec.masks = {0x00FF0000, 0x0000FF00, 0x000000FF, 0xFF000000};
  spec.rows = {{1, 2, 3, 255, 4, 5, 6, 0}};
  EXPECT_THAT(decode(bmp_file(spec)).pixels, ElementsAre(3, 2, 1, 255, 255, 255));
  spec.masks[0] = 0x00050000;
  EXPECT_THAT(error_for(bmp_file(spec)), HasSubstr("a mask of scattered bits"));
}

TEST(Bmp, RefusesWhatItDoesNotRead) {
  BmpSpec spec{.width = 2, .height = 1, .bits = 8, .compression = 1, .rows = {{0, 0, 0, 0}}};
  EXPECT_THAT(error_for(bmp_file(spec)), HasSubstr("file: a BMP file run-length encoded, which is not read; save it"));
  spec.bits = 2, spec.compression = 0;
  EXPECT_THAT(error_for(bmp_file(spec)), HasSubstr("2 bits a pixel; 1, 4, 8, 16, 24 and 32 are read"));
  const Bytes file = bmp_file(ramp_image(3, 2, 3));
  EXPECT_THAT(error_for(with_number(file, 18, 30'000, 4)), HasSubstr("more than its"));
  EXPECT_THAT(error_for(with_number(file, 18, 0xffff'ffff, 4)), HasSubstr("damaged: an image of -1×2"));
  EXPECT_THAT(error_for(with_number(file, 22, 0x8000'0000, 4)), HasSubstr("more than"));
}

TEST(Bmp, BearsTruncationAndChanges) {
  const Bytes file = bmp_file(ramp_image(7, 5, 3));
  EXPECT_EQ(accepted_truncations(decode, file), 0U);
  expect_survives_changes(decode, file, 3000, 1);
  BmpSpec palette{.width = 3, .height = 1, .bits = 4, .palette = ramp(48), .rows = {{0x21, 0x00}}};
  EXPECT_EQ(accepted_truncations(decode, bmp_file(palette)), 0U);
  expect_survives_changes(decode, bmp_file(palette), 3000, 2);
}

TEST(Tiff, ReadsColoursAndGrey) {
  for (const int channels : {1, 3})
    EXPECT_EQ(decode(tiff_file(ramp_image(7, 5, channels))), ramp_image(7, 5, channels));
  TiffSpec spec{.width = 10, .height = 1, .bits = 1, .photometric = 1, .pixels = {0b10100000, 0b01000000}};
  EXPECT_THAT(decode(tiff_file(spec)).pixels, ElementsAre(255, 0, 255, 0, 0, 0, 0, 0, 0, 255));
  spec.photometric = 0;  // white is zero
  EXPECT_THAT(decode(tiff_file(spec)).pixels, ElementsAre(0, 255, 0, 255, 255, 255, 255, 255, 255, 0));
  spec = {.width = 3, .height = 1, .bits = 16, .pixels = {0, 0, 0xff, 0xff, 0x00, 0x80}};
  EXPECT_THAT(decode(tiff_file(spec)).pixels, ElementsAre(0, 255, 128));
}

TEST(Tiff, ReadsDeflatedStripsPalettesAndAlpha) {
  TiffSpec spec{.width = 7, .height = 5, .compression = 8, .pixels = ramp(35)};
  EXPECT_EQ(decode(tiff_file(spec)).pixels, ramp(35));
  spec = {.width = 2, .height = 1, .photometric = 3, .palette = std::vector<std::uint16_t>(768), .pixels = {1, 2}};
  spec.palette[1] = 0xffff;        // red
  spec.palette[512 + 2] = 0x8000;  // blue
  EXPECT_THAT(decode(tiff_file(spec)).pixels, ElementsAre(255, 0, 0, 0, 0, 128));
  spec = {.width = 3, .height = 1, .samples = 4, .photometric = 2, .extra = 2, .pixels = {}};
  spec.pixels = {10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 51};
  EXPECT_THAT(decode(tiff_file(spec)).pixels, ElementsAre(10, 20, 30, 255, 255, 255, 204, 224, 255));
  spec.extra = 1;  // multiplied already
  spec.pixels = {10, 20, 30, 255, 0, 0, 0, 0, 0, 20, 51, 51};
  EXPECT_THAT(decode(tiff_file(spec)).pixels, ElementsAre(10, 20, 30, 255, 255, 255, 204, 224, 255));
  for (const std::uint16_t extra : {1, 2}) {
    spec = {.width = 2, .height = 1, .samples = 2, .extra = extra, .pixels = {100, 255, 40, 51}};
    EXPECT_THAT(decode(tiff_file(spec)).pixels, ElementsAre(100, extra == 1 ? 244 : 212));
  }
}

TEST(Tiff, TellsSeveralPicturesAndThumbnails) {
  TiffSpec spec{.width = 3, .height = 2, .pixels = ramp(6)};
  EXPECT_FALSE(has_more(tiff_file(spec)));
  spec.pictures = 2;
  EXPECT_TRUE(has_more(tiff_file(spec)));
  spec.kind = 1;
  EXPECT_THAT(error_for(tiff_file(spec)),
              HasSubstr("file: its first picture is a small copy of another, as in a camera"));
}

TEST(Tiff, RefusesWhatItDoesNotRead) {
  TiffSpec spec{.width = 3, .height = 2, .compression = 50000, .pixels = ramp(6)};
  EXPECT_THAT(error_for(tiff_file(spec)),
              HasSubstr("a TIFF file of compression 50000, which is not read; save it with"));
  spec.compression = 1, spec.bits = 32;
  EXPECT_THAT(error_for(tiff_file(spec)), HasSubstr("1 numbers of 32 bits a pixel, which is not read"));
  spec = {.width = 60'000, .height = 1000, .pixels = ramp(6)};
  EXPECT_THAT(error_for(tiff_file(spec)), HasSubstr("declares 60000×1000 pixels, more than"));
  spec.height = 0xffff'ffff;
  EXPECT_THAT(error_for(tiff_file(spec)), HasSubstr("file: "));
}

TEST(Tiff, BearsTruncationAndChanges) {
  const Bytes file = tiff_file(ramp_image(7, 5, 3));
  EXPECT_LE(accepted_truncations(decode, file), 4U);  // the link to the next picture may lack
  expect_survives_changes(decode, file, 3000, 1);
  const Bytes packed = tiff_file({.width = 7, .height = 5, .compression = 8, .pixels = ramp(35), .pictures = 2});
  expect_survives_changes(decode, packed, 3000, 2);
}

}  // namespace
}  // namespace limn::image
