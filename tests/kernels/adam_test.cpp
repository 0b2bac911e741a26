#include "limn/kernels/optimiser/adam.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "testing/compare.hpp"
#include "testing/simd_targets.hpp"

namespace limn::kernels {
namespace {

using limn::testing::all_near;
using limn::testing::for_each_simd_target;
using limn::testing::near;

template <class T>
struct Tensor {
  std::vector<T> value, gradient, first_moment, second_moment;
};

// One vector too short for any SIMD, one past a vector, one past the kernel's chunk of 16384.
constexpr std::int64_t kSizes[] = {1, 7, 17, 16385, 40001};

template <class T>
std::vector<Tensor<T>> random_tensors() {
  RandomStream random(11, Purpose::kTest);
  std::vector<Tensor<T>> tensors;
  for (const std::int64_t size : kSizes) {
    Tensor<T> tensor;
    for (std::int64_t i = 0; i < size; ++i) tensor.value.push_back(static_cast<T>(random.normal()));
    tensor.gradient.assign(tensor.value.size(), 0);
    tensor.first_moment = tensor.second_moment = tensor.gradient;
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

template <class T>
void draw_gradients(std::vector<Tensor<T>>& tensors, std::uint64_t step) {
  RandomStream random(12, Purpose::kTest, step);
  for (auto& tensor : tensors) {
    for (T& g : tensor.gradient) g = static_cast<T>(2 * random.normal());
  }
}

std::vector<AdamSlot> slots(std::vector<Tensor<float>>& tensors) {
  std::vector<AdamSlot> all;
  for (auto& t : tensors) all.push_back({t.value, t.gradient, t.first_moment, t.second_moment});
  return all;
}

// Algorithm 1 line by line in double.
void plain_adam(std::vector<Tensor<double>>& tensors, const AdamOptions& o, std::int64_t step, ClipMode mode,
                double clip) {
  double squares = 0;
  for (const auto& t : tensors) {
    for (const double g : t.gradient) squares += g * g;
  }
  const double scale = mode == ClipMode::kNorm ? std::min(1.0, clip / (std::sqrt(squares) + 1e-6)) : 1.0;
  for (auto& t : tensors) {
    for (std::size_t i = 0; i < t.value.size(); ++i) {
      double g = scale * t.gradient[i];
      if (mode == ClipMode::kValue) g = std::clamp(g, -clip, clip);
      t.first_moment[i] = o.beta1 * t.first_moment[i] + (1 - o.beta1) * g;
      t.second_moment[i] = o.beta2 * t.second_moment[i] + (1 - o.beta2) * g * g;
      const double m_hat = t.first_moment[i] / (1 - std::pow(o.beta1, static_cast<double>(step)));
      const double v_hat = t.second_moment[i] / (1 - std::pow(o.beta2, static_cast<double>(step)));
      t.value[i] -= o.learning_rate * m_hat / (std::sqrt(v_hat) + o.epsilon);
    }
  }
}

std::vector<Tensor<float>> train(std::int64_t steps, ClipMode mode, double clip) {
  auto tensors = random_tensors<float>();
  for (std::int64_t step = 1; step <= steps; ++step) {
    draw_gradients(tensors, static_cast<std::uint64_t>(step));
    const auto all = slots(tensors);
    adam_step(all, {.learning_rate = 0.01}, step, mode, clip, gradient_norm(all));
  }
  return tensors;
}

void expect_plain(ClipMode mode, double clip) {
  constexpr std::int64_t kSteps = 5;
  const auto actual = train(kSteps, mode, clip);
  auto expected = random_tensors<double>();
  for (std::int64_t step = 1; step <= kSteps; ++step) {
    draw_gradients(expected, static_cast<std::uint64_t>(step));
    plain_adam(expected, {.learning_rate = 0.01}, step, mode, clip);
  }
  for (std::size_t i = 0; i < actual.size(); ++i) {
    SCOPED_TRACE("size " + std::to_string(kSizes[i]));
    EXPECT_TRUE(all_near(actual[i].value, expected[i].value, testing::kElementwise, "value"));
    EXPECT_TRUE(all_near(actual[i].first_moment, expected[i].first_moment, testing::kElementwise, "first_moment"));
    EXPECT_TRUE(all_near(actual[i].second_moment, expected[i].second_moment, testing::kElementwise, "second_moment"));
  }
}

TEST(Adam, FirstStepIsTheLearningRateAgainstTheSign) {
  std::vector<float> value{1, 1, 1}, gradient{0.5f, -20, 0}, first(3), second(3);
  const AdamSlot slot{value, gradient, first, second};
  adam_step({&slot, 1}, {.learning_rate = 0.1}, 1, ClipMode::kNone, 0, 0);
  EXPECT_TRUE(all_near(value, std::vector<float>{0.9f, 1.1f, 1.0f}, testing::kElementwise, "value"));
}

TEST(Adam, MatchesThePlainAlgorithmOnEveryTarget) {
  for_each_simd_target([] {
    expect_plain(ClipMode::kNone, 0);
    expect_plain(ClipMode::kValue, 1);
    expect_plain(ClipMode::kNorm, 3);
  });
}

TEST(Adam, NormClippingLeavesSmallGradientsAlone) {
  const auto clipped = train(2, ClipMode::kNorm, 1e9);
  const auto free = train(2, ClipMode::kNone, 0);
  for (std::size_t i = 0; i < free.size(); ++i) EXPECT_EQ(clipped[i].value, free[i].value);
}

TEST(Adam, DoesNotDependOnTheNumberOfThreads) {
  set_thread_count(1);
  const auto one = train(3, ClipMode::kNorm, 1);
  set_thread_count(5);
  const auto five = train(3, ClipMode::kNorm, 1);
  set_thread_count(0);
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i].value, five[i].value);
}

TEST(GradientNorm, IsTheRootOfTheSumOfSquaresOnEveryTarget) {
  for_each_simd_target([] {
    auto tensors = random_tensors<float>();
    draw_gradients(tensors, 1);
    double squares = 0;
    for (const auto& tensor : tensors) {
      for (const float g : tensor.gradient) squares += static_cast<double>(g) * static_cast<double>(g);
    }
    EXPECT_TRUE(near(gradient_norm(slots(tensors)), std::sqrt(squares), {.relative = 1e-13}, "norm"));
  });
}

TEST(GradientNorm, SurvivesSquaresBeyondFloat32AndShowsWhatIsNotFinite) {
  std::vector<float> value(3), gradient{3e30f, 0, -4e30f}, first(3), second(3);
  const AdamSlot slot{value, gradient, first, second};
  EXPECT_TRUE(near(gradient_norm({&slot, 1}), 5e30, {.relative = 1e-6}, "norm"));
  gradient[1] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(std::isfinite(gradient_norm({&slot, 1})));
  gradient[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(std::isfinite(gradient_norm({&slot, 1})));
  EXPECT_EQ(gradient_norm({}), 0);
}

TEST(Adam, ValueClippingDoesNotHideANaN) {
  for_each_simd_target([] {
    std::vector<float> value(19), gradient(19, std::numeric_limits<float>::quiet_NaN()), first(19), second(19);
    const AdamSlot slot{value, gradient, first, second};
    adam_step({&slot, 1}, {}, 1, ClipMode::kValue, 1, 0);
    for (const float v : value) EXPECT_TRUE(std::isnan(v));
  });
}

TEST(Adam, RefusesSlotsOfUnequalLengthsAndStepZero) {
  std::vector<float> value(3), gradient(2), first(3), second(3), good(3);
  const AdamSlot uneven{value, gradient, first, second}, even{value, good, first, second};
  EXPECT_THROW(adam_step({&uneven, 1}, {}, 1, ClipMode::kNone, 0, 0), Error);
  EXPECT_THROW(static_cast<void>(gradient_norm({&uneven, 1})), Error);
  EXPECT_THROW(adam_step({&even, 1}, {}, 0, ClipMode::kNone, 0, 0), Error);
}

}  // namespace
}  // namespace limn::kernels
