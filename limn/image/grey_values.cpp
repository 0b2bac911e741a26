#include "limn/image/grey_values.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"

namespace limn::image {

GreyScale grey_scale(const ValueRange& r, std::string_view origin) {
  constexpr double kByte = 255;
  // A picture may be dark, but a whole set whose brightest value is below this is of another range.
  constexpr double kDark = 64;
  if (r.is_truth) return {.scale = kByte, .note = {}};
  // Interpolation overshoots: fractions a little beyond 0 to 1 or −1 to 1 are cut.
  constexpr double kOvershoot = 0.25;
  const bool is_fraction = r.greatest <= 1 || (!r.is_whole && r.greatest <= 1 + kOvershoot);
  if (is_fraction && r.least >= (r.is_whole ? 0 : -kOvershoot)) {
    if (r.greatest == 0 && r.least == 0) return {};
    return {.scale = kByte, .note = fmt::format("{}: its numbers of 0 to 1 were taken for black to white", origin)};
  }
  if (is_fraction && r.least >= -1 - (r.is_whole ? 0 : kOvershoot))
    return {.offset = kByte / 2,
            .scale = kByte / 2,
            .note = fmt::format("{}: its numbers of -1 to 1 were taken for black to white", origin)};
  if (r.least >= 0 && r.greatest <= kByte && (r.is_whole || r.greatest >= kDark)) {
    if (r.is_whole && r.greatest >= kDark) return {};
    return {.scale = 1,
            .note = fmt::format("{}: its numbers of {:g} to {:g} were taken as they are, 0 for black and 255 for white",
                                origin, r.least, r.greatest)};
  }
  if (r.least >= 0 && r.is_whole)
    for (const int bits : {10, 12, 14, 16})
      if (const double white = std::exp2(bits) - 1; r.greatest <= white)
        return {.scale = kByte / white,
                .note = fmt::format("{}: its numbers up to {:g} were taken for {} bits, {:g} for white", origin,
                                    r.greatest, bits, white)};
  fail("{}: its numbers lie from {:g} to {:g}, which is not a range of pixel values; scale them to 0 to 1, or 0 to 255",
       origin, r.least, r.greatest);
}

std::uint8_t GreyScale::byte_of(double value) const {
  return static_cast<std::uint8_t>(std::lround(std::clamp(offset + scale * value, 0.0, 255.0)));
}

}  // namespace limn::image
