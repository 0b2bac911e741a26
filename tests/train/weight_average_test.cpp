#include "limn/train/weight_average.hpp"

#include <gmock/gmock.h>

#include <cmath>

namespace limn::train {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

// One weight and one running mean.
class Pair final : public models::TrainingTask {
 public:
  std::span<const models::TaskParameter> parameters() const override { return {&weight_, 1}; }
  std::span<const models::TaskParameter> buffers() const override { return {&mean_, 1}; }
  models::StepResult compute_gradients(std::int64_t) override { return {}; }
  Metrics evaluate(Split, std::int64_t, const models::Judging&) override { return {}; }
  models::Checkpoint checkpoint(std::int64_t, const Metrics&) const override { return {}; }
  models::SampleDrawings sample_drawings(std::int64_t) override { return {}; }
  std::int64_t steps_per_epoch() const override { return 1; }
  void set(float weight, float mean) {
    values_[0] = weight;
    values_[1] = mean;
  }
  [[nodiscard]] std::vector<float> values() const { return values_; }

 private:
  std::vector<float> values_ = {0, 0};
  std::vector<float> gradient_ = {0};
  models::TaskParameter weight_{"w", {1}, {values_.data(), 1}, gradient_};
  models::TaskParameter mean_{"m", {1}, {values_.data() + 1, 1}, {}};
};

// The weights of the sum, written out: what w_s counts for in the average after t steps.
double share_of(std::int64_t s, std::int64_t t, double eta) {
  const auto c = [&](std::int64_t i) { return (eta + 1) / (static_cast<double>(i) + eta); };
  double share = c(s);
  for (std::int64_t i = s + 1; i <= t; ++i) share *= 1 - c(i);
  return share;
}

TEST(WeightAverage, IsTheWeightedSumOfAllWeightsAndNothingElse) {
  Pair task;
  WeightAverage average(task, 8);
  constexpr std::int64_t kSteps = 50;
  double weight = 0, mean = 0, shares = 0;
  for (std::int64_t t = 1; t <= kSteps; ++t) {
    const double w = std::sin(static_cast<double>(t)), m = static_cast<double>(t);
    task.set(static_cast<float>(w), static_cast<float>(m));
    average.add(t);
    weight += share_of(t, kSteps, 8) * w;
    mean += share_of(t, kSteps, 8) * m;
    shares += share_of(t, kSteps, 8);
  }
  EXPECT_NEAR(shares, 1, 1e-12);  // no share is left to what was there before the first step
  EXPECT_NEAR(average.values()[0].front(), weight, 1e-5);
  EXPECT_NEAR(average.values()[1].front(), mean, 1e-4);
  // The mean age of a weight is t / (η + 2): about a tenth of the run.
  EXPECT_NEAR(kSteps - mean, kSteps / 10.0, 1);
}

TEST(WeightAverage, TakesThePlaceOfTheWeightsWhileItIsUsed) {
  Pair task;
  WeightAverage average(task, 0);
  {
    const WeightAverage::Use nothing(average);  // before the first step
    EXPECT_THAT(task.values(), ElementsAre(0, 0));
  }
  task.set(1, 10);
  average.add(1);
  task.set(3, 30);
  average.add(2);
  {
    const WeightAverage::Use outer(average);
    const WeightAverage::Use inner(average);
    EXPECT_THAT(task.values(), ElementsAre(FloatNear(2, 1e-6f), FloatNear(20, 1e-5f)));
  }
  EXPECT_THAT(task.values(), ElementsAre(3, 30));
}

}  // namespace
}  // namespace limn::train
