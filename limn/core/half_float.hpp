// Numbers of 16 bits as files keep them (IEEE 754 binary16).
#pragma once

#include <bit>
#include <cstdint>

namespace limn {

// The exact value; infinities and NaN remain such.
[[nodiscard]] constexpr float half_to_float(std::uint16_t half) {
  const std::uint32_t exponent = half >> 10 & 0x1fU, fraction = half & 0x3ffU, sign = half & 0x8000U;
  // Of a number below the normal ones the fraction counts steps of 2^-24. All ways are computed and one is taken, so
  // that vector instructions can.
  const auto below = std::bit_cast<std::uint32_t>(0x1p-24F * static_cast<float>(static_cast<std::int32_t>(fraction)));
  // The exponent is moved from its bias of 15 to 127; that of infinities and NaN has all bits.
  const std::uint32_t moved = exponent == 0x1fU ? 0xffU : exponent + 112;
  return std::bit_cast<float>(sign << 16 | (exponent == 0 ? below : moved << 23 | fraction << 13));
}
// The nearest one, of two the even one. Beyond ±65519 infinity; NaN remains NaN.
[[nodiscard]] std::uint16_t float_to_half(float value);

}  // namespace limn
