#include "limn/core/half_float.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace limn {
namespace {

TEST(HalfFloat, EveryOneComesBack) {
  for (std::uint32_t half = 0; half <= 0xffff; ++half) {
    const float value = half_to_float(static_cast<std::uint16_t>(half));
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(half_to_float(float_to_half(value))));
    else
      ASSERT_EQ(float_to_half(value), half) << value;
  }
}

TEST(HalfFloat, RoundsToTheNearestAndToTheEven) {
  for (std::uint16_t half = 0; half < 0x7bff; ++half) {
    const float low = half_to_float(half), high = half_to_float(static_cast<std::uint16_t>(half + 1));
    const float middle = low + (high - low) / 2;
    const std::uint16_t even = half % 2 == 0 ? half : static_cast<std::uint16_t>(half + 1);
    ASSERT_EQ(float_to_half(middle), even) << middle;
    ASSERT_EQ(float_to_half(std::nextafter(middle, 0.0F)), half) << middle;
    ASSERT_EQ(float_to_half(std::nextafter(middle, high)), half + 1) << middle;
    ASSERT_EQ(float_to_half(-middle), even | 0x8000) << middle;
  }
}

TEST(HalfFloat, EndsAtInfinity) {
  EXPECT_EQ(float_to_half(65504), 0x7bff);
  EXPECT_EQ(float_to_half(std::nextafter(65520.0F, 0.0F)), 0x7bff);
  EXPECT_EQ(float_to_half(65520), 0x7c00);
  EXPECT_EQ(float_to_half(-1e30F), 0xfc00);
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::infinity()), 0x7c00);
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::denorm_min()), 0);
  EXPECT_EQ(float_to_half(-0.0F), 0x8000);
}

}  // namespace
}  // namespace limn
