// Numbers of 16 bits as files keep them (IEEE 754 binary16).
#pragma once

#include <cstdint>

namespace limn {

// The exact value; infinities and NaN remain such.
[[nodiscard]] float half_to_float(std::uint16_t half);
// The nearest one, of two the even one. Beyond ±65519 infinity; NaN remains NaN.
[[nodiscard]] std::uint16_t float_to_half(float value);

}  // namespace limn
