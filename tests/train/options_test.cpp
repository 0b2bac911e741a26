#include "limn/train/options.hpp"

#include <gmock/gmock.h>

namespace limn::train {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TrainOptions, TheExponentialRateDecaysToItsMinimumWhateverTheLength) {
  const TrainOptions o{.learning_rate = 1e-3, .decay_rate = 0.5, .min_learning_rate = 1e-5};
  EXPECT_DOUBLE_EQ(learning_rate_at(o, 0, 10), 1e-3);
  EXPECT_DOUBLE_EQ(learning_rate_at(o, 1, 10), (1e-3 - 1e-5) * 0.5 + 1e-5);
  EXPECT_NEAR(learning_rate_at(o, 100, 1000), 1e-5, 1e-12);
}

TEST(TrainOptions, ThePlannedRateRisesAndFallsOverTheWholeRun) {
  const TrainOptions o{.schedule = "plan", .learning_rate = 4e-3, .min_learning_rate = 1e-5};
  EXPECT_DOUBLE_EQ(learning_rate_at(o, 0, 1100), 4e-5);
  EXPECT_DOUBLE_EQ(learning_rate_at(o, 49, 1100), 2e-3);
  EXPECT_DOUBLE_EQ(learning_rate_at(o, 99, 1100), 4e-3);
  EXPECT_DOUBLE_EQ(learning_rate_at(o, 100, 1100), 4e-3);
  EXPECT_NEAR(learning_rate_at(o, 600, 1100), (4e-3 + 1e-5) / 2, 1e-12);
  EXPECT_NEAR(learning_rate_at(o, 1099, 1100), 1e-5, 1e-7);
  for (std::int64_t step = 101; step < 1100; ++step)
    ASSERT_LT(learning_rate_at(o, step, 1100), learning_rate_at(o, step - 1, 1100));
  // However short.
  for (const std::int64_t steps : {1, 2, 9, 10, 11})
    for (std::int64_t step = 0; step < steps; ++step) {
      ASSERT_GT(learning_rate_at(o, step, steps), 0) << steps;
      ASSERT_LE(learning_rate_at(o, step, steps), 4e-3) << steps;
    }
}

TEST(TrainOptions, StepsTakeThePlaceOfATimeAndDecayThatOfAPlan) {
  using Settings = std::vector<std::string>;
  EXPECT_THAT(implied_settings(Settings{"num_steps=5"}), ElementsAre("train_for="));
  EXPECT_THAT(implied_settings(Settings{"decay_rate=0.9"}), ElementsAre("schedule=exponential"));
  EXPECT_THAT(implied_settings(Settings{"kl_decay_rate=0.9", "z_size=4"}), ElementsAre("schedule=exponential"));
  // A config.toml names all.
  EXPECT_THAT(implied_settings(Settings{"num_steps=5", "train_for=3m", "schedule=plan", "decay_rate=1"}), IsEmpty());
  EXPECT_THAT(implied_settings(Settings{"min_learning_rate=0.1"}), IsEmpty());
}

}  // namespace
}  // namespace limn::train
