// The attention window by hand: filterbanks whose values can be worked out, reading and writing that change nothing,
// and windows that see almost nothing. tests/libtorch/draw_twin_test.cpp compares values and gradients with LibTorch.
#include "limn/kernels/images/attention_window.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "testing/compare.hpp"
#include "testing/simd_targets.hpp"

namespace limn::kernels {
namespace {

using limn::testing::all_near;
using limn::testing::for_each_simd_target;
using limn::testing::kElementwise;

using Values = std::vector<float>;

Matrix view(Values& values, std::int64_t rows) {
  return {values.data(), rows, static_cast<std::int64_t>(values.size()) / rows};
}
ConstMatrix view(const Values& values, std::int64_t rows) {
  return {values.data(), rows, static_cast<std::int64_t>(values.size()) / rows};
}

Values random_values(std::int64_t count, std::uint64_t index) {
  Values values(static_cast<std::size_t>(count));
  RandomStream(31, Purpose::kTest, 0, index).fill_normal(values);
  return values;
}

// g̃ of a centre in pixels, eq. 22 solved for it.
float relative(float center, std::int64_t length) { return 2 * center / static_cast<float>(length + 1) - 1; }

TEST(Filterbank, IsWhatAPencilFinds) {
  // A = 3 pixels, N = 2 filters: g = (3 + 1) / 2 = 2, δ = (3 - 1) / (2 - 1) = 2, so μ = 2 ± 0.5 · 2 = 1 and 3; σ² = ½,
  // so each pixel further away is e^-1, then e^-4 of the nearest.
  const WindowShape shape{.channels = 1, .height = 3, .width = 3, .size = 2};
  const Values parameters{0, 0, std::log(0.5f), 0, 0};
  const float near = 1, next = std::exp(-1.0f), far = std::exp(-4.0f), sum = near + next + far;
  const Values expected{near / sum, next / sum, far / sum, far / sum, next / sum, near / sum};
  for_each_simd_target([&] {
    Values f_x(6), f_y(6);
    filterbanks(shape, parameters.data(), view(f_x, 2), view(f_y, 2));
    EXPECT_TRUE(all_near(f_x, expected, kElementwise, "F_X"));
    EXPECT_TRUE(all_near(f_y, expected, kElementwise, "F_Y"));
  });
}

TEST(Filterbank, KeepsTheAxesApart) {
  // 4 rows, 9 columns: δ = (9 - 1) / (3 - 1) · ½ = 2 on both axes, g_X = 5 · 1.2 = 6 and g_Y = 2.5 · 0.8 = 2.
  const WindowShape shape{.channels = 1, .height = 4, .width = 9, .size = 3};
  const Values parameters{0.2f, -0.2f, -2, std::log(0.5f), 0};
  const Window window = window_of(shape, parameters.data());
  EXPECT_FLOAT_EQ(window.center_x, 6);
  EXPECT_FLOAT_EQ(window.center_y, 2);
  EXPECT_FLOAT_EQ(window.stride, 2);
  Values f_x(27), f_y(12);
  filterbanks(shape, parameters.data(), view(f_x, 3), view(f_y, 3));
  const auto largest = [](const Values& bank, std::size_t filter, std::size_t length) {
    const auto begin = bank.begin() + static_cast<std::ptrdiff_t>(filter * length);
    return std::max_element(begin, begin + static_cast<std::ptrdiff_t>(length)) - begin + 1;
  };
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(largest(f_x, i, 9), 4 + 2 * static_cast<int>(i));
  EXPECT_EQ(largest(f_y, 0, 4), 1);  // μ = 0 lies outside: the edge
  EXPECT_EQ(largest(f_y, 1, 4), 2);
  EXPECT_EQ(largest(f_y, 2, 4), 4);
}

TEST(Filterbank, SumsToOneHoweverFarAndNarrow) {
  const WindowShape shape{.channels = 1, .height = 5, .width = 19, .size = 4};
  for (const Values& parameters : {Values{90, -90, -20, 3, 0}, Values{0, 0, -20, -20, 0}, Values{-4, 6, 60, 60, 80}}) {
    for_each_simd_target([&] {
      Values f_x(4 * 19), f_y(4 * 5);
      filterbanks(shape, parameters.data(), view(f_x, 4), view(f_y, 4));
      for (int i = 0; i < 4; ++i) {
        EXPECT_NEAR(std::accumulate(f_x.begin() + i * 19, f_x.begin() + (i + 1) * 19, 0.0), 1, 1e-5);
        EXPECT_NEAR(std::accumulate(f_y.begin() + i * 5, f_y.begin() + (i + 1) * 5, 0.0), 1, 1e-5);
      }
    });
  }
}

// A window whose 6 × 6 narrow filters sit on the pixels of a 6 × 6 image.
struct OnThePixels {
  WindowShape shape{.channels = 3, .height = 6, .width = 6, .size = 6};
  Values parameters{0, 0, kMinLogVariance, 0, 0};
  std::int64_t size = shape.image_size();
};

TEST(Window, ReadsTheImageItself) {
  const OnThePixels w;
  const Values image = random_values(w.size, 1), error = random_values(w.size, 2);
  Values expected = image;
  expected.insert(expected.end(), error.begin(), error.end());
  for_each_simd_target([&] {
    WindowScratch scratch;
    Values glimpse(static_cast<std::size_t>(2 * w.size));
    read_windows(w.shape, {view(w.parameters, 1), view(image, 1), view(error, 1)}, view(glimpse, 1), scratch);
    EXPECT_TRUE(all_near(glimpse, expected, kElementwise, "glimpse"));
  });
}

TEST(Window, WritesThePatchItself) {
  const OnThePixels w;
  const Values patch = random_values(w.size, 3);
  for_each_simd_target([&] {
    WindowScratch scratch;
    Values canvas(static_cast<std::size_t>(w.size), 0.0f);
    write_windows(w.shape, view(w.parameters, 1), view(patch, 1), view(canvas, 1), scratch);
    EXPECT_TRUE(all_near(canvas, patch, kElementwise, "canvas"));
  });
}

TEST(Window, ReadsOnePixelWhereItPoints) {
  const WindowShape shape{.channels = 1, .height = 5, .width = 7, .size = 1};
  Values image(35, 0.0f);
  image[2 * 7 + 4] = 1;  // row 3, column 5, counted from 1
  const Values parameters{relative(5, 7), relative(3, 5), kMinLogVariance, 0, std::log(2.0f)};
  WindowScratch scratch;
  Values glimpse(2);
  read_windows(shape, {view(parameters, 1), view(image, 1), view(image, 1)}, view(glimpse, 1), scratch);
  EXPECT_FLOAT_EQ(glimpse[0], 2);  // γ
}

TEST(Window, WritesTheInverseOfItsIntensity) {
  const WindowShape shape{.channels = 1, .height = 5, .width = 7, .size = 3};
  const Values patch = random_values(9, 4);
  WindowScratch scratch;
  Values strong(35, 0.0f), plain(35, 0.0f);
  write_windows(shape, view(Values{0.1f, 0, 0, 0, 0}, 1), view(patch, 1), view(plain, 1), scratch);
  write_windows(shape, view(Values{0.1f, 0, 0, 0, std::log(4.0f)}, 1), view(patch, 1), view(strong, 1), scratch);
  for (float& value : strong) value *= 4;
  EXPECT_TRUE(all_near(strong, plain, kElementwise, "canvas"));
}

TEST(Window, HasFiniteGradientsWhereverItLies) {
  const WindowShape shape{.channels = 1, .height = 5, .width = 19, .size = 4};
  const Values image = random_values(95, 5), error = random_values(95, 6), d_glimpse = random_values(32, 7);
  for (const Values& parameters :
       {Values{90, -90, -20, 3, 0}, Values{0.05f, 0, -20, -20, 0}, Values{-4, 6, 60, 60, 80}}) {
    WindowScratch scratch;
    Values glimpse(32), d_parameters(5), d_error(95);
    const ReadInput input{view(parameters, 1), view(image, 1), view(error, 1)};
    read_windows(shape, input, view(glimpse, 1), scratch);
    read_windows_backward(shape, input, {view(glimpse, 1), view(d_glimpse, 1), view(d_parameters, 1), view(d_error, 1)},
                          scratch);
    for (const float value : d_parameters) EXPECT_LT(std::abs(value), 1e5f);
    for (const float value : d_error) EXPECT_TRUE(std::isfinite(value));
    if (parameters[2] < kMinLogVariance) {
      EXPECT_EQ(d_parameters[2], 0) << "below the floor of σ²";
    }
  }
}

TEST(Window, TakesNoImages) {
  const WindowShape shape{.channels = 1, .height = 5, .width = 7, .size = 3};
  WindowScratch scratch;
  write_windows(shape, ConstMatrix(nullptr, 0, 5), ConstMatrix(nullptr, 0, 9), Matrix(nullptr, 0, 35), scratch);
}

TEST(Window, NamesWhatDoesNotFit) {
  const WindowShape shape{.channels = 1, .height = 5, .width = 7, .size = 3};
  WindowScratch scratch;
  Values parameters(5), patch(9), canvas(34);
  EXPECT_THROW(write_windows(shape, view(parameters, 1), view(patch, 1), view(canvas, 1), scratch), Error);
}

}  // namespace
}  // namespace limn::kernels
