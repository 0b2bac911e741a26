// How a temperature τ widens the components of a mixture when a point is drawn.
#pragma once

#include <array>
#include <string_view>

namespace limn::models {

enum class SigmaTemperature {
  kSqrt,    // σ √τ, so σ² τ: eq. 8 of Ha & Eck 2017
  kLinear,  // σ τ: Magenta's Python and the Keras port
};
// By their places in the enum.
inline constexpr std::array<std::string_view, 2> kSigmaTemperatureNames{"sqrt", "linear"};

}  // namespace limn::models
