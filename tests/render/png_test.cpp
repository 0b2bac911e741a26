#include "limn/render/png.hpp"

#include <cairo.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "limn/render/sheet.hpp"
#include "support.hpp"

namespace limn::render {
namespace {

using test::error_of;

// A PNG read back by cairo, as RGB.
image::Raster decoded(const Bytes& png) {
  struct Source {
    const Bytes& bytes;
    std::size_t used = 0;
  } source{png};
  const auto read = [](void* closure, unsigned char* data, unsigned int length) {
    auto& s = *static_cast<Source*>(closure);
    if (s.bytes.size() - s.used < length) return CAIRO_STATUS_READ_ERROR;
    std::memcpy(data, s.bytes.data() + s.used, length);
    s.used += length;
    return CAIRO_STATUS_SUCCESS;
  };
  const std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> surface(
      cairo_image_surface_create_from_png_stream(read, &source), cairo_surface_destroy);
  EXPECT_EQ(cairo_surface_status(surface.get()), CAIRO_STATUS_SUCCESS);
  image::Raster raster = image::make_raster(cairo_image_surface_get_width(surface.get()),
                                            cairo_image_surface_get_height(surface.get()), 3);
  const unsigned char* data = cairo_image_surface_get_data(surface.get());
  for (int y = 0; y < raster.height; ++y) {
    for (int x = 0; x < raster.width; ++x) {
      std::uint32_t packed = 0;
      std::memcpy(&packed, data + y * cairo_image_surface_get_stride(surface.get()) + 4 * x, 4);
      for (int c = 0; c < 3; ++c) raster.at(x, y)[c] = static_cast<std::uint8_t>(packed >> (16 - 8 * c));
    }
  }
  return raster;
}

image::Raster noise(int width, int height, int channels) {
  image::Raster raster = image::make_raster(width, height, channels);
  RandomStream random(3, Purpose::kTest);
  for (std::uint8_t& value : raster.pixels) value = static_cast<std::uint8_t>(random.below(256));
  return raster;
}

TEST(Png, KeepsEveryPixel) {
  for (const auto& [width, height] : {std::pair{1, 1}, {7, 5}, {3, 64}, {65, 2}}) {
    const image::Raster colour = noise(width, height, 3);
    EXPECT_EQ(decoded(encode_png(colour)), colour);
    const image::Raster grey = noise(width, height, 1);
    const Bytes png = encode_png(grey);
    EXPECT_EQ(std::to_integer<int>(png[24]), 8);  // bit depth
    EXPECT_EQ(std::to_integer<int>(png[25]), 0);  // colour type: grey
    const image::Raster back = decoded(png);
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) ASSERT_EQ(back.at(x, y)[1], *grey.at(x, y));
  }
}

TEST(Png, HeaderGivesTheSize) {
  const Bytes png = encode_png(image::make_raster(258, 3, 3));
  const std::string_view signature("\x89PNG\r\n\x1A\n", 8);
  EXPECT_EQ(std::memcmp(png.data(), signature.data(), 8), 0);
  EXPECT_EQ(std::to_integer<int>(png[18]), 1);
  EXPECT_EQ(std::to_integer<int>(png[19]), 2);
  EXPECT_EQ(std::to_integer<int>(png[23]), 3);
}

TEST(Png, RefusesWhatIsNotAnImage) {
  EXPECT_THROW((void)encode_png(image::Raster{}), Error);
  image::Raster odd = noise(4, 4, 1);
  odd.channels = 2;
  EXPECT_THROW((void)encode_png(odd), Error);
  odd.channels = 3;
  EXPECT_THAT(error_of([&] { (void)encode_png(odd); }), ::testing::HasSubstr("holds 16 bytes, expected 48"));
}

int darkest(const image::Raster& raster) { return *std::min_element(raster.pixels.begin(), raster.pixels.end()); }

TEST(Paint, LeavesPaperWhiteAndShowsInk) {
  EXPECT_EQ(darkest(paint(lay_out(single_sheet(sketch::Sketch{})))), 255);
  const image::Raster drawn = paint(lay_out(single_sheet(test::square()), {.cell_size = 100, .line_width = 3}));
  EXPECT_EQ(drawn.width, 100);
  EXPECT_EQ(drawn.at(10, 50)[0], kInk.red);   // the left side of the square
  EXPECT_EQ(drawn.at(50, 10)[2], kInk.blue);  // its top
  EXPECT_EQ(drawn.at(50, 70)[0], 255);
  EXPECT_EQ(drawn.at(3, 3)[0], 255);
}

TEST(Paint, ShowsADot) {
  const image::Raster dot = paint(lay_out(single_sheet(test::dot_at(4, 4)), {.cell_size = 41, .line_width = 3}));
  EXPECT_EQ(dot.at(20, 20)[0], kInk.red);
  EXPECT_EQ(dot.at(20, 24)[0], 255);
}

TEST(Paint, ScalesAndStopsAfterSomePoints) {
  const Picture picture = lay_out(single_sheet(test::square()), {.cell_size = 100, .line_width = 3});
  EXPECT_EQ(paint(picture, {.scale = 2.5}).width, 250);
  const image::Raster partial = paint(picture, {.points_per_cell = 2});
  EXPECT_EQ(partial.at(50, 10)[0], kInk.red);  // the first side
  EXPECT_EQ(partial.at(90, 50)[0], 255);       // the second
  EXPECT_EQ(darkest(paint(picture, {.points_per_cell = 0})), 255);
}

TEST(Paint, EnlargesImagesWithSharpPixels) {
  image::Raster chequers = image::make_raster(2, 2, 1);
  chequers.pixels = {0, 255, 200, 30};
  const image::Raster painted = paint(lay_out(grid_sheet({cell_of(chequers)}), {.cell_size = 100}));
  ASSERT_EQ(painted.width, 100);
  EXPECT_EQ(painted.at(49, 49)[0], 0);
  EXPECT_EQ(painted.at(50, 49)[1], 255);
  EXPECT_EQ(painted.at(49, 50)[2], 200);
  EXPECT_EQ(painted.at(99, 99)[0], 30);
}

TEST(Paint, RefusesPicturesBeyondReason) {
  EXPECT_THAT(error_of([] { (void)paint({.width = 50000, .height = 5}); }), ::testing::HasSubstr("50000x5"));
  EXPECT_THROW((void)paint({.width = 20000, .height = 20000}), Error);
}

TEST(WritePng, NamesThePathThatItCannotWrite) {
  const test::TemporaryFolder folder;
  write_png(folder / "a.png", noise(2, 2, 3));
  EXPECT_EQ(decoded(read_file(folder / "a.png")), noise(2, 2, 3));
  const auto missing = folder / "no" / "such" / "b.png";
  EXPECT_THAT(error_of([&] { write_png(missing, noise(2, 2, 3)); }), ::testing::StartsWith(missing.string()));
}

}  // namespace
}  // namespace limn::render
