// The losses of a data set under a small DRAW with random weights.
#include "limn/models/draw/evaluation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "models/tiny_images.hpp"
#include "testing/compare.hpp"

namespace limn::models {
namespace {

TEST(MeanStepKl, IsTheMeanOverTheFirstImagesOfEachStep) {
  DrawOptions options{.image_channels = 1,
                      .image_height = 6,
                      .image_width = 6,
                      .time_steps = 3,
                      .enc_rnn_size = 4,
                      .dec_rnn_size = 5,
                      .z_size = 2,
                      .read_size = 2,
                      .write_size = 3};
  const DrawModel model(
      testing::random_images(kDrawModel, options_to_json(fields(options)), draw_parameters(draw_shape(options))));
  const std::vector<std::string> paths{"builtin:shapes"};
  const image::ImageDataset data = image::ImageDataset::load(paths, {.image_size = 6, .color = "grey"});
  for (const Split split : {Split::kValid, Split::kTrain}) {
    const std::int64_t count = std::min<std::int64_t>(data.size(split), 500);
    const image::ImageBatch images = data.batch(split, 0, count);
    const std::vector<double> kl = model.step_kl(images.pixels, {.indices = images.indices});
    std::vector<double> expected(3);
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
      for (std::size_t t = 0; t < 3; ++t) expected[t] += kl[3 * i + t] / static_cast<double>(count);
    EXPECT_TRUE(testing::all_near(mean_step_kl(model, data, split), expected, testing::kNumericGradient, "KL"));
    EXPECT_NE(expected[0], expected[2]);
  }
}

}  // namespace
}  // namespace limn::models
