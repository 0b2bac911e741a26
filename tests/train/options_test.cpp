#include "limn/train/options.hpp"

#include <gmock/gmock.h>

namespace limn::train {
namespace {

TEST(TrainOptions, LearningRateDecaysToItsMinimum) {
  const TrainOptions o{.learning_rate = 1e-3, .decay_rate = 0.5, .min_learning_rate = 1e-5};
  EXPECT_DOUBLE_EQ(learning_rate_at(o, 0), 1e-3);
  EXPECT_DOUBLE_EQ(learning_rate_at(o, 1), (1e-3 - 1e-5) * 0.5 + 1e-5);
  EXPECT_NEAR(learning_rate_at(o, 100), 1e-5, 1e-12);
}

}  // namespace
}  // namespace limn::train
