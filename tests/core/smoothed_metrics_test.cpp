#include "limn/core/smoothed_metrics.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace limn {
namespace {

TEST(SmoothedMetrics, DoNotZigzagWithTheBatches) {
  SmoothedMetrics smoothed;
  double least = INFINITY, most = -INFINITY;
  for (int step = 1; step <= 400; ++step) {
    const double mean = smoothed.add({{"total", step % 2 == 0 ? 0.47 : 0.79}}).front().value;
    if (step == 1) {
      EXPECT_DOUBLE_EQ(mean, 0.79) << "no step before it weighs";
    }
    if (step <= 100) continue;
    least = std::min(least, mean);
    most = std::max(most, mean);
  }
  EXPECT_NEAR(least, 0.63, 0.005);
  EXPECT_NEAR(most, 0.63, 0.005);
}

TEST(SmoothedMetrics, FollowAChangeWithinAFewHundredSteps) {
  SmoothedMetrics smoothed;
  for (int step = 0; step < 300; ++step) (void)smoothed.add({{"total", 2}});
  double mean = 2;
  for (int step = 0; step < 300; ++step) mean = smoothed.add({{"total", 1}}).front().value;
  EXPECT_NEAR(mean, 1 + std::pow(0.99, 300), 0.01);
}

TEST(SmoothedMetrics, TenStepsAtOnceWeighAsTen) {
  SmoothedMetrics one, ten;
  for (int step = 0; step < 40; ++step) (void)one.add({{"kl", step < 10 ? 3.0 : 5.0}});
  for (int line = 0; line < 4; ++line) (void)ten.add({{"kl", line < 1 ? 3.0 : 5.0}}, 10);
  EXPECT_NEAR(one.add({{"kl", 5}}).front().value, ten.add({{"kl", 5}}).front().value, 1e-12);
}

TEST(SmoothedMetrics, LeaveWeightsAsTheyAreAndCountNothingThatIsNotFinite) {
  SmoothedMetrics smoothed;
  (void)smoothed.add({{"kl_weight", 0.1}, {"beta", 0.5}, {"total", 1}});
  const Metrics& means = smoothed.add({{"total", std::nan("")}, {"kl_weight", 0.2}, {"beta", 1}, {"new", 7}});
  EXPECT_EQ(means[0].name, "total");
  EXPECT_EQ(means[0].value, 1);
  EXPECT_EQ(metric(means, "kl_weight"), 0.2);
  EXPECT_EQ(metric(means, "beta"), 1);
  EXPECT_EQ(metric(means, "new"), 7);
}

}  // namespace
}  // namespace limn
