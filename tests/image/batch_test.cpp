// Values and binarisation of batches.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "image/picture_files.hpp"
#include "limn/image/dataset.hpp"
#include "testing/hostile.hpp"

namespace limn::image {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::idx_file;

ImageDataset load(const fs::path& path, const ImageDataOptions& options = {}) {
  return ImageDataset::load(std::vector{path.string()}, options);
}

TEST(ImageBatch, ScalesBytesToOne) {
  const TemporaryFolder folder;
  write_file(folder / "images", idx_file({1, 1, 4}, std::vector<std::uint8_t>{0, 51, 254, 255}));
  const ImageBatch batch = load(folder / "images").batch(Split::kTrain, 0, 1);
  EXPECT_EQ(batch.batch_size(), 1);
  EXPECT_THAT(batch.pixels, ElementsAre(0.0F, 0.2F, 254 / 255.0F, 1.0F));
}

// 40 images of 30×34 pixels with every grey from 0 to 254 in each, four times.
class BinarizeTest : public ::testing::Test {
 protected:
  BinarizeTest() {
    std::vector<std::uint8_t> content;
    for (int i = 0; i < 40; ++i)
      for (int k = 0; k < 30 * 34; ++k) content.push_back(static_cast<std::uint8_t>(k % 255));
    write_file(folder_ / "images", idx_file({40, 30, 34}, content));
  }
  [[nodiscard]] ImageDataset load_with(const std::string& binarize, std::int64_t seed = 1) const {
    return load(folder_ / "images", {.valid_share = 0, .binarize = binarize, .binarize_seed = seed});
  }
  // Expects the share of ones among the pixels of each grey, drawn 160 times, to be about grey / 255.
  static void expect_bernoulli(std::span<const float> pixels) {
    std::array<double, 255> ones{};
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      ASSERT_TRUE(pixels[i] == 0 || pixels[i] == 1);
      ones[i % 1020 % 255] += static_cast<double>(pixels[i]);
    }
    EXPECT_EQ(ones[0], 0);
    double squares = 0;
    for (std::size_t grey = 1; grey < ones.size(); ++grey) {
      const double p = static_cast<double>(grey) / 255, deviation = std::sqrt(160 * p * (1 - p));
      const double off = (ones[grey] - 160 * p) / deviation;
      EXPECT_LT(std::abs(off), 5.5) << grey;
      squares += off * off;
    }
    EXPECT_NEAR(squares, 254, 6 * std::sqrt(2 * 254.0));  // chi squared
  }
  TemporaryFolder folder_;
};

TEST_F(BinarizeTest, ByThreshold) {
  const ImageBatch batch = load_with("threshold").batch(Split::kTrain, 0, 1);
  EXPECT_EQ(batch.pixels[127], 0);
  EXPECT_EQ(batch.pixels[128], 1);
}

TEST_F(BinarizeTest, FixedIsDrawnOnce) {
  const ImageDataset data = load_with("fixed");
  const ImageBatch all = data.batch(Split::kTrain, 0, 40);
  expect_bernoulli(all.pixels);
  // The same in any batch, in training too, and different from image to image.
  const EpochPlan plan = data.plan_for_step(9, 4, 10);
  const ImageBatch trained = data.training_batch(plan, 4);
  const auto image = [](const ImageBatch& batch, std::int64_t b) {
    return std::vector(batch.pixels.begin() + b * 1020, batch.pixels.begin() + (b + 1) * 1020);
  };
  for (std::int64_t b = 0; b < 10; ++b)
    EXPECT_EQ(image(trained, b), image(all, trained.indices[static_cast<std::size_t>(b)]));
  EXPECT_NE(image(all, 0), image(all, 1));
  EXPECT_NE(load_with("fixed", 2).batch(Split::kTrain, 0, 40).pixels, all.pixels);
}

TEST_F(BinarizeTest, DynamicIsDrawnAnewEachEpoch) {
  const ImageDataset data = load_with("dynamic");
  EXPECT_EQ(data.batch(Split::kTrain, 0, 40).pixels, load_with("fixed").batch(Split::kTrain, 0, 40).pixels);
  const auto epoch = [&](std::uint64_t seed, std::int64_t step) {
    const EpochPlan plan = data.plan_for_step(seed, step, 40);
    const ImageBatch batch = data.training_batch(plan, step);
    expect_bernoulli(batch.pixels);
    std::vector<float> by_index(batch.pixels.size());
    for (std::size_t b = 0; b < 40; ++b)
      std::copy_n(batch.pixels.begin() + static_cast<std::ptrdiff_t>(b * 1020), 1020,
                  by_index.begin() + batch.indices[b] * 1020);
    return by_index;
  };
  EXPECT_EQ(epoch(1, 0), epoch(1, 0));
  EXPECT_NE(epoch(1, 0), epoch(1, 1));
  EXPECT_NE(epoch(1, 0), epoch(2, 0));
  // The binarisation of an image does not depend on the batch that it is in.
  const EpochPlan plan = data.plan_for_step(1, 4, 10);
  ASSERT_EQ(plan.epoch, 1);
  const ImageBatch small = data.training_batch(plan, 4);
  const std::vector<float> all = epoch(1, 1);
  EXPECT_TRUE(std::equal(small.pixels.begin(), small.pixels.begin() + 1020, all.begin() + small.indices[0] * 1020));
}

}  // namespace
}  // namespace limn::image
