// The data sets that people train on, where they are there.
#include <gmock/gmock.h>

#include <filesystem>

#include "limn/image/dataset.hpp"

namespace limn::image {
namespace {

namespace fs = std::filesystem;

ImageDataset load(const fs::path& path, const ImageDataOptions& options = {}) {
  return ImageDataset::load(std::vector{path.string()}, options);
}

// Sums by NumPy.
std::int64_t sum_of(const ImageDataset& data, Split split) {
  std::int64_t sum = 0;
  std::vector<std::byte> buffer;
  for (std::int64_t i = 0; i < data.size(split); ++i)
    for (const std::uint8_t value : data.bytes(split, i, buffer)) sum += value;
  return sum;
}

TEST(RealImages, Mnist) {
  const fs::path folder = fs::path(LIMN_SHARED_DATA_DIR) / "mnist";
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder << ": MNIST is not here";
  const ImageDataset data = load(folder);
  EXPECT_EQ(data.shape(), (ImageShape{1, 28, 28}));
  EXPECT_EQ(data.size(Split::kTrain), 50'000);
  EXPECT_EQ(data.size(Split::kValid), 10'000);
  EXPECT_EQ(data.size(Split::kTest), 10'000);
  EXPECT_EQ(sum_of(data, Split::kTrain), 1'309'089'051);
  EXPECT_EQ(sum_of(data, Split::kValid), 258'209'494);
  EXPECT_EQ(sum_of(data, Split::kTest), 264'923'200);
}

TEST(RealImages, FashionMnistOfDebian) {
  const fs::path folder = "/usr/share/datasets/fashion-mnist";
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder << ": install Debian's dataset-fashion-mnist to run this";
  const ImageDataset data = load(folder);
  EXPECT_EQ(data.size(Split::kTrain), 50'000);
  EXPECT_EQ(sum_of(data, Split::kTrain), 2'853'847'097);
  EXPECT_EQ(sum_of(data, Split::kTest), 573'469'082);
}

TEST(RealImages, Pokemon) {
  const fs::path folder = fs::path(LIMN_SHARED_DATA_DIR) / "pokemon";
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder << ": the Pokémon pictures are not here";
  const ImageDataset data = load(folder);
  EXPECT_EQ(data.shape(), (ImageShape{3, 40, 40}));
  EXPECT_EQ(data.size(Split::kTrain) + data.size(Split::kValid), 792);
  EXPECT_EQ(data.size(Split::kValid), 158);
  EXPECT_EQ(load(folder, {.center_crop = 20}).shape(), (ImageShape{3, 20, 20}));
  const NamedImages pikachu = read_images((folder / "025MS.png").string(), {3, 40, 40}, {}, 1);
  EXPECT_EQ(pikachu.pixels[0], 1);  // a transparent corner is white
}

}  // namespace
}  // namespace limn::image
