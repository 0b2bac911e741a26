#include "limn/image/shapes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace limn::image {
namespace {

constexpr std::size_t kPixels = kShapeSide * kShapeSide;
using Picture = std::vector<std::uint8_t>;

Picture drawn(Split split, std::int64_t index) {
  Picture pixels(kPixels, 99);
  draw_shape(split, index, pixels);
  return pixels;
}

// FNV-1a over the pixels of some pictures of each split.
std::uint64_t hash_of_shapes() {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
    for (std::int64_t i = 0; i < 200; ++i)
      for (const std::uint8_t value : drawn(split, i)) hash = (hash ^ value) * 0x100000001b3U;
  return hash;
}

TEST(Shapes, AreTheSameEverywhere) {
  EXPECT_EQ(hash_of_shapes(), 9921891447673600361U) << "the shapes have changed: say so in CHANGELOG";
}

TEST(Shapes, AreDifferentFromEachOther) {
  std::set<std::string> all;
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    for (std::int64_t i = 0; i < 300; ++i) {
      const Picture picture = drawn(split, i);
      all.emplace(picture.begin(), picture.end());
    }
  }
  EXPECT_EQ(all.size(), 900U);
}

TEST(Shapes, LieWhollyInThePictureWithSoftEdges) {
  ASSERT_EQ(shape_kinds().size(), 8U);
  for (std::int64_t i = 0; i < 2000; ++i) {
    const Picture picture = drawn(Split::kTrain, i);
    for (std::size_t k = 0; k < kShapeSide; ++k) {
      EXPECT_LT(picture[k], 255) << i;  // the edge may touch the border, no more
      EXPECT_LT(picture[kPixels - 1 - k], 255) << i;
      EXPECT_LT(picture[k * kShapeSide], 255) << i;
      EXPECT_LT(picture[k * kShapeSide + kShapeSide - 1], 255) << i;
    }
    const auto white = std::ranges::count(picture, 255), black = std::ranges::count(picture, 0);
    EXPECT_GE(white, 12) << shape_kinds()[static_cast<std::size_t>(i) % 8] << ' ' << i;
    EXPECT_GE(black, 250) << i;
    EXPECT_GE(std::ssize(picture) - white - black, 20) << i;
  }
}

// A disc, a ring and a moon about the same place tell their kinds by how much of their box they fill.
TEST(Shapes, KindsTakeTurns) {
  const std::vector<std::string> kinds = shape_kinds();
  EXPECT_EQ(kinds[0], "disc");
  EXPECT_EQ(kinds[1], "ring");
  double disc = 0, ring = 0;
  for (std::int64_t i = 0; i < 400; i += 8) {
    const Picture a = drawn(Split::kTest, i), b = drawn(Split::kTest, i + 1);
    disc += std::accumulate(a.begin(), a.end(), 0.0);
    ring += std::accumulate(b.begin(), b.end(), 0.0);
  }
  EXPECT_GT(disc, 2 * ring);
  // The area of a disc of radius 7.5 to 12, on average 3.14 · (9.75² + 1.3²) = 304 pixels.
  EXPECT_NEAR(disc / 50 / 255, 304, 40);
}

}  // namespace
}  // namespace limn::image
