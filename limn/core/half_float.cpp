#include "limn/core/half_float.hpp"

#include <cmath>

namespace limn {

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
