#include "limn/image/resize.hpp"

#include <gmock/gmock.h>

#include <numeric>

#include "image/picture_files.hpp"

namespace limn::image {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using testing::ramp_image;

Raster row(std::vector<std::uint8_t> values) {
  return {.width = static_cast<int>(values.size()), .height = 1, .channels = 1, .pixels = std::move(values)};
}

double mean(const Raster& image) {
  return std::accumulate(image.pixels.begin(), image.pixels.end(), 0.0) / static_cast<double>(image.pixels.size());
}

TEST(CenterCrop, TakesTheMiddle) {
  const Raster image = ramp_image(7, 5, 3);
  const Raster middle = center_cropped(image, 4, 3);
  ASSERT_EQ(middle.width, 4);
  ASSERT_EQ(middle.height, 3);
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 4; ++x)
      for (int c = 0; c < 3; ++c) EXPECT_EQ(middle.at(x, y)[c], image.at(x + 1, y + 1)[c]) << x << ' ' << y;
  EXPECT_EQ(center_cropped(image, 7, 5), image);
}

TEST(Resize, LeavesAnEqualSizeAsItIs) {
  const Raster image = ramp_image(7, 5, 3);
  EXPECT_EQ(resized(image, 7, 5), image);
}

TEST(Resize, ShrinksByTheMeanOfAnArea) {
  EXPECT_THAT(resized(row({10, 20, 30, 50, 200, 201}), 3, 1).pixels, ElementsAre(15, 40, 201));
  // Each of two pixels covers one and a half: (2·30 + 90) / 3 and (90 + 2·210) / 3.
  EXPECT_THAT(resized(row({30, 90, 210}), 2, 1).pixels, ElementsAre(50, 170));
  const Raster square{.width = 2, .height = 2, .channels = 1, .pixels = {0, 100, 20, 40}};
  EXPECT_THAT(resized(square, 1, 1).pixels, ElementsAre(40));
}

TEST(Resize, GrowsByInterpolation) {
  // Centres of the four lie at -0.25, 0.25, 0.75 and 1.25 of the two.
  EXPECT_THAT(resized(row({0, 100}), 4, 1).pixels, ElementsAre(0, 25, 75, 100));
  EXPECT_THAT(resized(row({77}), 5, 1).pixels, Each(77));
}

TEST(Resize, TreatsTheAxesApart) {
  // Shrinks across, grows down.
  const Raster image{.width = 2, .height = 2, .channels = 1, .pixels = {0, 40, 100, 180}};
  EXPECT_THAT(resized(image, 1, 4).pixels, ElementsAre(20, 50, 110, 140));
}

TEST(Resize, KeepsFlatColoursAndChannelsApart) {
  Raster image = make_raster(13, 11, 3);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = std::vector<std::uint8_t>{255, 1, 128}[i % 3];
  for (const auto& [width, height] : {std::pair{5, 3}, {29, 17}, {1, 40}}) {
    const Raster result = resized(image, width, height);
    ASSERT_EQ(result.pixels.size(), static_cast<std::size_t>(3 * width * height));
    for (std::size_t i = 0; i < result.pixels.size(); ++i)
      ASSERT_EQ(result.pixels[i], image.pixels[i % 3]) << width << " by " << height;
  }
}

TEST(Resize, KeepsTheMean) {
  const Raster image = ramp_image(31, 29, 1);
  for (const auto& [width, height] : {std::pair{30, 28}, {7, 5}, {16, 3}})
    EXPECT_NEAR(mean(resized(image, width, height)), mean(image), 0.5);
}

TEST(Channels, GreyIsLumaAndBack) {
  const Raster colours{
      .width = 5, .height = 1, .channels = 3, .pixels = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 9, 9, 9}};
  EXPECT_THAT(in_channels(colours, 1).pixels, ElementsAre(76, 150, 29, 255, 9));
  EXPECT_THAT(in_channels(row({3, 200}), 3).pixels, ElementsAre(3, 3, 3, 200, 200, 200));
  EXPECT_EQ(in_channels(colours, 3), colours);
}

}  // namespace
}  // namespace limn::image
