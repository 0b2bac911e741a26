#include "limn/render/gif.hpp"

#include <gif_lib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "limn/render/png.hpp"
#include "limn/render/sheet.hpp"
#include "support.hpp"

namespace limn::render {
namespace {

using test::error_of;

struct DecodedGif {
  std::vector<image::Raster> frames;
  std::vector<int> delays;  // hundredths of a second
  std::size_t colours = 0;
  bool loops = false;
};

// Reads a GIF back with giflib and puts its frames together as a viewer does.
DecodedGif decoded(const Bytes& gif) {
  struct Source {
    const Bytes& bytes;
    std::size_t used = 0;
  } source{gif};
  const auto read = [](GifFileType* file, GifByteType* data, int length) {
    auto& s = *static_cast<Source*>(file->UserData);
    const std::size_t n = std::min(static_cast<std::size_t>(length), s.bytes.size() - s.used);
    std::memcpy(data, s.bytes.data() + s.used, n);
    s.used += n;
    return static_cast<int>(n);
  };
  const auto close = [](GifFileType* file) { DGifCloseFile(file, nullptr); };
  const std::unique_ptr<GifFileType, decltype(close)> file(DGifOpen(&source, read, nullptr), close);
  DecodedGif result;
  if (file == nullptr || DGifSlurp(file.get()) != GIF_OK) {
    ADD_FAILURE() << "giflib cannot read the GIF";
    return result;
  }
  result.colours = static_cast<std::size_t>(file->SColorMap->ColorCount);
  image::Raster canvas = image::make_raster(file->SWidth, file->SHeight, 3);
  for (int f = 0; f < file->ImageCount; ++f) {
    const SavedImage& image = file->SavedImages[f];
    GraphicsControlBlock control{};
    EXPECT_EQ(DGifSavedExtensionToGCB(file.get(), f, &control), GIF_OK);
    for (int y = 0; y < image.ImageDesc.Height; ++y) {
      for (int x = 0; x < image.ImageDesc.Width; ++x) {
        const int index = image.RasterBits[y * image.ImageDesc.Width + x];
        if (index == control.TransparentColor) continue;
        const GifColorType colour = file->SColorMap->Colors[index];
        std::uint8_t* pixel = canvas.at(image.ImageDesc.Left + x, image.ImageDesc.Top + y);
        pixel[0] = colour.Red;
        pixel[1] = colour.Green;
        pixel[2] = colour.Blue;
      }
    }
    result.frames.push_back(canvas);
    result.delays.push_back(control.DelayTime);
  }
  const std::string text(reinterpret_cast<const char*>(gif.data()), gif.size());
  result.loops = text.find("NETSCAPE2.0") != std::string::npos;
  return result;
}

image::Raster ramp(int width, int height, int shift) {
  image::Raster raster = image::make_raster(width, height, 1);
  for (std::size_t i = 0; i < raster.pixels.size(); ++i)
    raster.pixels[i] = static_cast<std::uint8_t>(i * 3 + static_cast<std::size_t>(shift));
  return raster;
}

TEST(Gif, KeepsGreyExactly) {
  std::vector<GifFrame> frames;
  for (int f = 0; f < 5; ++f) frames.push_back({ramp(23, 17, f * f), 50 + 10 * f});
  const DecodedGif gif = decoded(encode_gif(frames));
  ASSERT_EQ(gif.frames.size(), 5u);
  EXPECT_TRUE(gif.loops);
  EXPECT_EQ(gif.delays, (std::vector{5, 6, 7, 8, 9}));
  for (std::size_t f = 0; f < 5; ++f)
    for (int y = 0; y < 17; ++y)
      for (int x = 0; x < 23; ++x)
        for (int c = 0; c < 3; ++c) ASSERT_EQ(gif.frames[f].at(x, y)[c], *frames[f].image.at(x, y)) << f;
}

TEST(Gif, ComesNearManyColours) {
  image::Raster rainbow = image::make_raster(64, 64, 3);
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) {
      rainbow.at(x, y)[0] = static_cast<std::uint8_t>(4 * x);
      rainbow.at(x, y)[1] = static_cast<std::uint8_t>(4 * y);
      rainbow.at(x, y)[2] = static_cast<std::uint8_t>(2 * x + 2 * y);
    }
  const DecodedGif gif = decoded(encode_gif(std::vector<GifFrame>{{rainbow, 100}}));
  double error = 0;
  for (std::size_t i = 0; i < rainbow.pixels.size(); ++i)
    error += std::pow(gif.frames[0].pixels[i] - rainbow.pixels[i], 2);
  // 256 cells of a plane 256 x 256 are 16 wide: an error of about 16/√12 = 4.6 a channel.
  EXPECT_LT(std::sqrt(error / static_cast<double>(rainbow.pixels.size())), 6);
}

TEST(Gif, LengthensAFrameThatRepeats) {
  const std::vector<GifFrame> frames{{ramp(9, 4, 0), 100}, {ramp(9, 4, 0), 150}, {ramp(9, 4, 1), 200}};
  const DecodedGif gif = decoded(encode_gif(frames));
  ASSERT_EQ(gif.frames.size(), 2u);
  EXPECT_EQ(gif.delays, (std::vector{25, 20}));
}

TEST(Gif, TakesOnePixelAndRefusesMisfits) {
  EXPECT_EQ(decoded(encode_gif(std::vector<GifFrame>{{image::make_raster(1, 1, 1, 7), 10}})).frames[0].pixels[0], 7);
  EXPECT_THAT(error_of([] { (void)encode_gif({}); }), ::testing::HasSubstr("without frames"));
  const std::vector<GifFrame> frames{{ramp(9, 4, 0), 1}, {ramp(4, 9, 0), 1}};
  EXPECT_THAT(error_of([&] { (void)encode_gif(frames); }), ::testing::HasSubstr("4x9 pixels, expected 9x4"));
  EXPECT_THROW(GifEncoder(3, 3, {}), Error);
  EXPECT_THROW(GifEncoder(3, 3, std::vector<Colour>(257)), Error);
}

TEST(Palette, IsBoundedAndKeepsTheCommonestColour) {
  image::Raster noise = image::make_raster(400, 400, 3, 255);
  RandomStream random(11, Purpose::kTest);
  for (std::size_t i = 0; i < noise.pixels.size() / 2; ++i)
    noise.pixels[i] = static_cast<std::uint8_t>(random.below(256));
  ColourHistogram histogram;
  histogram.add(noise);
  for (const int count : {2, 5, 256}) {
    const std::vector<Colour> palette = histogram.palette(count);
    EXPECT_EQ(palette.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(palette[0], kPaper);
  }
}

TEST(PenGif, DrawsToTheFinishedPicture) {
  std::vector<SheetCell> cells{cell_of(test::scribble(1, 6), "six"), cell_of(test::scribble(2, 3)), SheetCell{}};
  const Picture picture = lay_out(grid_sheet(std::move(cells), 3), {.cell_size = 60});
  std::int64_t longest = 0;
  for (const auto& sketch : {test::scribble(1, 6), test::scribble(2, 3)})
    longest = std::max(longest, static_cast<std::int64_t>(sketch.points.size()));
  const DecodedGif gif = decoded(encode_pen_gif(picture, {.points_per_frame = 3, .hold_ms = 1230, .max_colours = 256}));
  EXPECT_EQ(static_cast<std::int64_t>(gif.frames.size()), (longest + 2) / 3);
  EXPECT_EQ(gif.delays.back(), 123);
  const image::Raster finished = paint(picture);
  int largest_error = 0;
  for (std::size_t i = 0; i < finished.pixels.size(); ++i)
    largest_error = std::max(largest_error, std::abs(gif.frames.back().pixels[i] - finished.pixels[i]));
  EXPECT_LE(largest_error, 16);  // a step of the palette
  // Ink never goes away.
  const auto ink = [](const image::Raster& raster) {
    return std::count_if(raster.pixels.begin(), raster.pixels.end(), [](std::uint8_t v) { return v < 128; });
  };
  for (std::size_t f = 1; f < gif.frames.size(); ++f) EXPECT_GE(ink(gif.frames[f]), ink(gif.frames[f - 1]));
}

TEST(PenGif, BoundsItsFramesAndTakesEmptyPictures) {
  const Picture picture = lay_out(single_sheet(test::scribble(4, 60)), {.cell_size = 50});
  EXPECT_LE(decoded(encode_pen_gif(picture, {.points_per_frame = 1, .max_frames = 10})).frames.size(), 10u);
  EXPECT_EQ(decoded(encode_pen_gif(lay_out(single_sheet(sketch::Sketch{})))).frames.size(), 1u);
  EXPECT_THROW((void)encode_pen_gif(picture, {.points_per_frame = 0}), Error);
}

}  // namespace
}  // namespace limn::render
