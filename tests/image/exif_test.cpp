#include "limn/image/exif.hpp"

#include <gmock/gmock.h>

#include "image/picture_files.hpp"
#include "limn/image/image_file.hpp"
#include "testing/hostile.hpp"

namespace limn::image {
namespace {

using ::testing::ElementsAre;
using testing::exif_block;
using testing::jpeg_file;
using testing::png_file;
using testing::ramp_image;
using testing::tiff_file;
using testing::webp_file;
using testing::with_exif;

Raster decode(std::span<const std::byte> file) { return decode_image(file, "file"); }

// 1 2 3
// 4 5 6
Raster six() { return {.width = 3, .height = 2, .channels = 1, .pixels = {1, 2, 3, 4, 5, 6}}; }

// Of each orientation, what a viewer shows of six().
struct Case {
  int orientation;
  int width;
  std::vector<std::uint8_t> shown;
};
const std::vector<Case>& cases() {
  static const std::vector<Case> kCases{
      {1, 3, {1, 2, 3, 4, 5, 6}}, {2, 3, {3, 2, 1, 6, 5, 4}}, {3, 3, {6, 5, 4, 3, 2, 1}}, {4, 3, {4, 5, 6, 1, 2, 3}},
      {5, 2, {1, 4, 2, 5, 3, 6}}, {6, 2, {4, 1, 5, 2, 6, 3}}, {7, 2, {6, 3, 5, 2, 4, 1}}, {8, 2, {3, 6, 2, 5, 1, 4}}};
  return kCases;
}

TEST(Exif, TurnsPicturesUpright) {
  for (const auto& [orientation, width, shown] : cases()) {
    const Raster upright = turned_upright(six(), orientation);
    EXPECT_EQ(upright.width, width) << orientation;
    EXPECT_EQ(upright.pixels, shown) << orientation;
  }
  const Raster colours{.width = 1, .height = 2, .channels = 3, .pixels = {1, 2, 3, 4, 5, 6}};
  EXPECT_THAT(turned_upright(colours, 6).pixels, ElementsAre(4, 5, 6, 1, 2, 3));
}

TEST(Exif, IsFoundInEveryFormatThatHasIt) {
  for (const auto& [orientation, width, shown] : cases())
    for (const bool is_big : {false, true}) {
      const Bytes exif = exif_block(orientation, is_big);
      for (const Bytes& file : {png_file(six()), webp_file(six())}) {
        const Raster image = decode(with_exif(file, exif));
        EXPECT_EQ(image.width, width) << orientation;
        EXPECT_EQ(image.pixels, shown) << orientation;
      }
      const Raster grey{.width = 16, .height = 8, .channels = 1, .pixels = std::vector<std::uint8_t>(128, 9)};
      const Bytes jpeg = jpeg_file({.width = 16, .height = 8, .channels = 1, .pixels = grey.pixels});
      EXPECT_EQ(exif_orientation(with_exif(jpeg, exif)), orientation);
      EXPECT_EQ(decode(with_exif(jpeg, exif)).width, orientation >= 5 ? 8 : 16);
      EXPECT_EQ(decode(tiff_file({.width = 3,
                                  .height = 2,
                                  .orientation = static_cast<std::uint16_t>(orientation),
                                  .pixels = six().pixels}))
                    .pixels,
                shown)
          << orientation;
    }
}

TEST(Exif, IsPassedOverWhereItMeansNothing) {
  const Bytes png = png_file(six());
  for (const int orientation : {0, 9, 0xffff}) EXPECT_EQ(decode(with_exif(png, exif_block(orientation))), six());
  EXPECT_EQ(decode(with_exif(png, bytes_of("no EXIF"))), six());
  EXPECT_EQ(exif_orientation({}), 1);
  Bytes text = exif_block(6);
  text[10 + 12 + 3] = std::byte{2};  // the type of the second entry: text
  EXPECT_EQ(decode(with_exif(png, text)), six());
  Bytes far = exif_block(6);
  far[4] = std::byte{0xff};  // the directory beyond the end
  EXPECT_EQ(decode(with_exif(png, far)), six());
}

// Cut or changed, it never reads beyond the end; the rest is the formats' own.
TEST(Exif, BearsTruncationAndChanges) {
  const auto orientation = [](std::span<const std::byte> file) { return exif_orientation(file); };
  const Bytes jpeg = jpeg_file({.width = 2, .height = 2, .channels = 1, .pixels = std::vector<std::uint8_t>(4)});
  for (const Bytes& file : {png_file(six()), webp_file(six()), jpeg}) {
    const Bytes whole = with_exif(file, exif_block(5));
    EXPECT_EQ(accepted_truncations(orientation, whole), whole.size());
    expect_survives_changes(orientation, whole, 3000, 1);
  }
}

}  // namespace
}  // namespace limn::image
