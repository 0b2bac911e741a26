#include "limn/image/image_file.hpp"

#include <gmock/gmock.h>
#include <png.h>
#include <zlib.h>

#include <cmath>

#include "image/picture_files.hpp"
#include "testing/hostile.hpp"

namespace limn::image {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using testing::jpeg_file;
using testing::JpegSpec;
using testing::png_file;
using testing::PngSpec;
using testing::ramp;
using testing::ramp_image;

Raster decode(std::span<const std::byte> file) { return decode_image(file, "file"); }
std::string error_for(std::span<const std::byte> file) {
  return error_of([&] { return decode(file); });
}

// The picture is the same, interlaced or not.
Raster decode_both(PngSpec spec) {
  const Raster plain = decode(png_file(spec));
  spec.is_interlaced = true;
  EXPECT_EQ(decode(png_file(spec)), plain) << "interlaced";
  EXPECT_EQ(plain.width, static_cast<int>(spec.width));
  EXPECT_EQ(plain.height, static_cast<int>(spec.height));
  return plain;
}

TEST(Png, ReadsGreyAndRgb) {
  for (const int channels : {1, 3}) {
    const Raster image = ramp_image(7, 5, channels);
    EXPECT_EQ(decode(png_file(image)), image);
    EXPECT_EQ(decode_both({.width = 7, .height = 5, .colour_type = channels == 1 ? 0 : 2, .rows = image.pixels}),
              image);
  }
  const Raster one = ramp_image(1, 1, 3, 77);
  EXPECT_EQ(decode(png_file(one)), one);
}

TEST(Png, ReadsFewBitsOfGrey) {
  EXPECT_THAT(decode_both({.width = 3, .height = 1, .depth = 1, .colour_type = 0, .rows = {0b10100000}}).pixels,
              ElementsAre(255, 0, 255));
  EXPECT_THAT(decode_both({.width = 4, .height = 1, .depth = 2, .colour_type = 0, .rows = {0b00011011}}).pixels,
              ElementsAre(0, 85, 170, 255));
  EXPECT_THAT(decode_both({.width = 3, .height = 1, .depth = 4, .colour_type = 0, .rows = {0x0A, 0xF0}}).pixels,
              ElementsAre(0, 170, 255));
}

TEST(Png, RoundsSixteenBits) {
  // 0x8000 is 127.5 of 255, 0x12FF nearer to 0x13.
  const Raster grey = decode_both(
      {.width = 4, .height = 1, .depth = 16, .colour_type = 0, .rows = {0, 0, 0x12, 0xFF, 0x12, 0x00, 0xFF, 0xFF}});
  EXPECT_EQ(grey.channels, 1);
  EXPECT_THAT(grey.pixels, ElementsAre(0, 0x13, 0x12, 0xFF));
  const Raster rgb =
      decode_both({.width = 1, .height = 1, .depth = 16, .colour_type = 2, .rows = {1, 1, 2, 2, 0xFE, 0xFE}});
  EXPECT_EQ(rgb.channels, 3);
  EXPECT_THAT(rgb.pixels, ElementsAre(1, 2, 0xFE));
}

TEST(Png, LaysAlphaOverWhite) {
  const Raster rgba = decode_both(
      {.width = 3, .height = 1, .colour_type = 6, .rows = {10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 51}});
  EXPECT_EQ(rgba.channels, 3);
  EXPECT_THAT(rgba.pixels, ElementsAre(10, 20, 30, 255, 255, 255, 204, 224, 255));
  const Raster grey = decode_both({.width = 3, .height = 1, .colour_type = 4, .rows = {9, 255, 9, 0, 0, 102}});
  EXPECT_EQ(grey.channels, 1);
  EXPECT_THAT(grey.pixels, ElementsAre(9, 255, 153));
  EXPECT_THAT(decode_both({.width = 1, .height = 1, .depth = 16, .colour_type = 4, .rows = {0, 0, 0x66, 0x66}}).pixels,
              ElementsAre(153));
}

TEST(Png, ReadsPalettes) {
  const std::vector<std::uint8_t> colours{255, 0, 0, 0, 255, 0, 1, 2, 3};
  PngSpec spec{
      .width = 5, .height = 1, .depth = 2, .colour_type = 3, .rows = {0b00011000, 0b01000000}, .palette = colours};
  EXPECT_THAT(decode_both(spec).pixels, ElementsAre(255, 0, 0, 0, 255, 0, 1, 2, 3, 255, 0, 0, 0, 255, 0));
  spec.transparency = {255, 0};  // the third stays opaque
  EXPECT_THAT(decode_both(spec).pixels, ElementsAre(255, 0, 0, 255, 255, 255, 1, 2, 3, 255, 0, 0, 255, 255, 255));
}

TEST(Png, TakesAPaletteOfGreysForGrey) {
  const Raster image = decode_both({.width = 3,
                                    .height = 1,
                                    .depth = 8,
                                    .colour_type = 3,
                                    .rows = {2, 0, 1},
                                    .palette = {0, 0, 0, 77, 77, 77, 255, 255, 255}});
  EXPECT_EQ(image.channels, 1);
  EXPECT_THAT(image.pixels, ElementsAre(255, 0, 77));
}

TEST(Png, ReadsATransparentColour) {
  EXPECT_THAT(
      decode_both({.width = 3, .height = 1, .colour_type = 0, .rows = {5, 6, 7}, .transparency = {0, 6}}).pixels,
      ElementsAre(5, 255, 7));
  EXPECT_THAT(
      decode_both(
          {.width = 2, .height = 1, .colour_type = 2, .rows = {1, 2, 3, 1, 2, 4}, .transparency = {0, 1, 0, 2, 0, 3}})
          .pixels,
      ElementsAre(255, 255, 255, 1, 2, 4));
}

TEST(Png, KeepsNumbersAsStoredWhateverTheGamma) {
  EXPECT_THAT(decode_both({.width = 3, .height = 1, .colour_type = 0, .rows = {5, 100, 250}, .gamma = 1.0}).pixels,
              ElementsAre(5, 100, 250));
}

TEST(Png, BearsTruncationAtEveryByte) {
  const Bytes file = png_file(ramp_image(7, 5, 3));
  EXPECT_EQ(accepted_truncations(decode, file), 0U);
  EXPECT_THAT(error_for(std::span(file).first(60)), HasSubstr("file: damaged PNG file: the file ends too early"));
  PngSpec palette{.width = 5,
                  .height = 3,
                  .colour_type = 3,
                  .is_interlaced = true,
                  .rows = ramp(15),
                  .palette = std::vector<std::uint8_t>(768, 3)};
  EXPECT_EQ(accepted_truncations(decode, png_file(palette)), 0U);
}

TEST(Png, BearsChanges) {
  expect_survives_changes(decode, png_file(ramp_image(7, 5, 3)), 3000, 1);
  PngSpec palette{.width = 5,
                  .height = 3,
                  .colour_type = 3,
                  .is_interlaced = true,
                  .rows = ramp(15),
                  .palette = std::vector<std::uint8_t>(768, 3),
                  .transparency = ramp(99)};
  expect_survives_changes(decode, png_file(palette), 3000, 2);
}

TEST(Png, RefusesAChecksumThatDiffers) {
  Bytes file = png_file(ramp_image(7, 5, 1));
  file[file.size() - 14] ^= std::byte{1};  // the last byte of the image's checksum lies before the empty last chunk
  EXPECT_THAT(error_for(file), HasSubstr("CRC error"));
}

// Writes width and height into the header of a PNG file, and its checksum.
Bytes with_size(Bytes file, std::uint32_t width, std::uint32_t height) {
  const auto put = [&](std::size_t place, std::uint32_t value) {
    for (const int shift : {24, 16, 8, 0}) file[place++] = static_cast<std::byte>(value >> shift);
  };
  put(16, width);
  put(20, height);
  std::uint32_t checksum = 0xFFFFFFFF;
  for (std::size_t i = 12; i < 29; ++i) {
    checksum ^= std::to_integer<std::uint32_t>(file[i]);
    for (int bit = 0; bit < 8; ++bit) checksum = checksum >> 1 ^ (checksum & 1 ? 0xEDB88320U : 0);
  }
  put(29, ~checksum);
  return file;
}

// Each may unpack to 8 MB, and libpng keeps a thousand of them.
TEST(Png, LeavesTextsPacked) {
  const auto picture = png_file(ramp_image(2, 3, 1));
  std::string chunk(4, '\0');  // its length
  chunk += "zTXttext" + std::string(2, '\0') + "not deflated";
  chunk[3] = static_cast<char>(chunk.size() - 8);
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(chunk.data()) + 4, static_cast<uInt>(chunk.size() - 4));
  for (const int shift : {24, 16, 8, 0}) chunk += static_cast<char>(sum >> shift & 0xff);
  Bytes file = picture;
  constexpr std::ptrdiff_t kAfterHeader = 33;
  const auto bytes = as_bytes(chunk);
  for (int i = 0; i < 2000; ++i) file.insert(file.begin() + kAfterHeader, bytes.begin(), bytes.end());
  EXPECT_EQ(decode_png(file, "p").pixels, decode_png(picture, "p").pixels);
}

TEST(Png, RefusesSizesThatItsBytesCannotHold) {
  const Bytes file = png_file(ramp_image(7, 5, 3));
  EXPECT_EQ(decode(with_size(file, 7, 5)), ramp_image(7, 5, 3));
  EXPECT_THAT(error_for(with_size(file, 65536, 1)), HasSubstr("a side may have 65535"));
  EXPECT_THAT(error_for(with_size(file, 1, 65536)), HasSubstr("a side may have 65535"));
  EXPECT_THAT(error_for(with_size(file, 8000, 8000)), HasSubstr("declares 8000×8000 pixels, more than its"));
  EXPECT_THAT(error_for(with_size(file, 0x7FFFFFFF, 0x7FFFFFFF)), HasSubstr("pixels are more than the 67108864"));
  EXPECT_THAT(error_for(with_size(file, 0x7FFFFFFF, 1)), HasSubstr("more than"));
  EXPECT_THAT(error_for(with_size(file, 0, 5)), HasSubstr("damaged"));
  EXPECT_THAT(error_for(with_size(file, 7, 6)), HasSubstr("damaged PNG file"));
}

// Mean of the absolute differences.
double difference(const Raster& a, const Raster& b) {
  EXPECT_EQ(a.pixels.size(), b.pixels.size());
  double sum = 0;
  for (std::size_t i = 0; i < std::min(a.pixels.size(), b.pixels.size()); ++i)
    sum += std::abs(int{a.pixels[i]} - int{b.pixels[i]});
  return sum / static_cast<double>(a.pixels.size());
}

// Slow waves that JPEG keeps well.
Raster waves(int width, int height, int channels) {
  Raster image = make_raster(width, height, channels);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c)
        image.at(x, y)[c] = static_cast<std::uint8_t>(128 + 100 * std::sin(0.1 * x + 0.07 * y + c));
  return image;
}

JpegSpec spec_of(const Raster& image) {
  return {.width = image.width, .height = image.height, .channels = image.channels, .pixels = image.pixels};
}

TEST(Jpeg, ReadsGreyAndRgb) {
  for (const int channels : {1, 3}) {
    const Raster image = waves(37, 21, channels);
    JpegSpec spec = spec_of(image);
    const Raster back = decode(jpeg_file(spec));
    EXPECT_EQ(back.width, 37);
    EXPECT_EQ(back.height, 21);
    EXPECT_EQ(back.channels, channels);
    EXPECT_LT(difference(back, image), 2);
    spec.is_progressive = true;
    EXPECT_LT(difference(decode(jpeg_file(spec)), back), 0.01);
  }
}

TEST(Jpeg, ReadsInksAsLight) {
  const Raster image = waves(37, 21, 3);
  JpegSpec spec{.width = 37, .height = 21, .channels = 4, .pixels = {}};
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) spec.pixels.push_back(image.pixels[i + c]);
    spec.pixels.push_back(255);  // no black ink, the Adobe way
  }
  const Raster back = decode(jpeg_file(spec));
  EXPECT_EQ(back.channels, 3);
  EXPECT_LT(difference(back, image), 2);
}

TEST(Jpeg, BearsTruncationAtEveryByte) {
  JpegSpec spec = spec_of(waves(19, 17, 3));
  Bytes file = jpeg_file(spec);
  EXPECT_EQ(accepted_truncations(decode, file), 0U);
  EXPECT_THAT(error_for(std::span(file).first(file.size() - 9)), HasSubstr("damaged JPEG file: Premature end"));
  spec.is_progressive = true;
  EXPECT_EQ(accepted_truncations(decode, jpeg_file(spec)), 0U);
}

TEST(Jpeg, BearsChanges) {
  JpegSpec spec = spec_of(waves(19, 17, 3));
  expect_survives_changes(decode, jpeg_file(spec), 2000, 1);
  spec.is_progressive = true;
  expect_survives_changes(decode, jpeg_file(spec), 2000, 2);
}

TEST(Jpeg, RefusesSizesThatItsBytesCannotHold) {
  Bytes file = jpeg_file(spec_of(waves(19, 17, 1)));
  std::size_t frame = 2;  // the start-of-frame marker: FF C0, length, depth, height, width
  while (file[frame] != std::byte{0xFF} || file[frame + 1] != std::byte{0xC0}) ++frame;
  file[frame + 5] = std::byte{0x1F};
  file[frame + 7] = std::byte{0x1F};
  EXPECT_THAT(error_for(file), HasSubstr("more than its"));
  file[frame + 5] = file[frame + 7] = std::byte{0xFF};
  EXPECT_THAT(error_for(file), HasSubstr("file: "));
}

TEST(ImageFile, IsToldByItsFirstBytes) {
  EXPECT_THAT(error_for({}), HasSubstr("not a picture that is read (PNG, JPEG, GIF, WebP, BMP, TIFF) but empty"));
  for (const auto& [begin, kind] : {std::pair(std::string("\0\0\0\x18"
                                                          "ftypheic",
                                                          12),
                                              "but HEIC by its first bytes; convert"),
                                    {std::string("\0\0\0\x18"
                                                 "ftypavif",
                                                 12),
                                     "but AVIF"},
                                    {std::string("8BPS"), "but Photoshop"},
                                    {std::string("<?xml version='1.0'?><svg>"), "but SVG"},
                                    {std::string("BMW is no BMP and a text"), "but text by its first bytes; replace"},
                                    {std::string("PK\3\4"), "but a zip archive by its first bytes; unpack it"},
                                    {std::string("\1\2\3"), "but unknown"}})
    EXPECT_THAT(error_for(bytes_of(begin)), HasSubstr(kind));
  EXPECT_TRUE(has_image_ending("a/b.PNG"));
  for (const char* name : {"a.jfif", "a.jpe", "a.gif", "a.WebP", "a.bmp", "a.dib", "a.tif", "a.tiff"})
    EXPECT_TRUE(has_image_ending(name)) << name;
  EXPECT_TRUE(has_image_ending("b.c.jpeg"));
  EXPECT_TRUE(has_image_ending("b.Jpg"));
  EXPECT_FALSE(has_image_ending("b.png.gz"));
  EXPECT_FALSE(has_image_ending("png"));
}

}  // namespace
}  // namespace limn::image
