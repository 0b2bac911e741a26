#include "limn/core/half_float.hpp"

#include <cmath>
#include <limits>

namespace limn {

float half_to_float(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1f;
  const int fraction = half & 0x3ff;
  float value = 0;
  if (exponent == 0x1f)
    value = fraction != 0 ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity();
  else if (exponent == 0)
    value = std::ldexp(static_cast<float>(fraction), -24);
  else
    value = std::ldexp(static_cast<float>(fraction | 0x400), exponent - 25);
  return (half & 0x8000) != 0 ? -value : value;
}

std::uint16_t float_to_half(float value) {
  constexpr std::uint32_t kInfinity = 0x7c00;
  const auto sign = static_cast<std::uint32_t>(std::signbit(value) ? 0x8000 : 0);
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | kInfinity | 0x200);
  const double size = std::abs(static_cast<double>(value));
  if (size >= 65520) return static_cast<std::uint16_t>(sign | kInfinity);
  // The distance between neighbours: 2^-24 below the normal numbers, else 2^-10 of the power of two below.
  const int exponent = size < std::ldexp(1.0, -14) ? -14 : std::ilogb(size);
  const auto steps = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(size, 10 - exponent)));
  // 1024 steps are the implicit bit; 2048, of a number rounded up, carry into the exponent.
  return static_cast<std::uint16_t>(sign | ((static_cast<std::uint32_t>(exponent + 14) << 10) + steps));
}

}  // namespace limn
