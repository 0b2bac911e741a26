#include "limn/image/grey_values.hpp"

#include "limn/core/error.hpp"

namespace limn::image {

GreyScale grey_scale(const ValueRange& r, std::string_view origin) {
  constexpr double kByte = 255, kWord = 65'535;
  // A picture may be dark, but a whole set whose brightest value is below this is of another range.
  constexpr double kDark = 64;
  if (r.is_truth) return {.scale = kByte, .note = {}};
  if (r.least >= 0 && r.greatest <= 1) {
    if (r.greatest == 0) return {};
    return {.scale = kByte, .note = fmt::format("{}: its numbers of 0 to 1 were taken for black to white", origin)};
  }
  if (r.least >= -1 && r.greatest <= 1)
    return {.offset = kByte / 2,
            .scale = kByte / 2,
            .note = fmt::format("{}: its numbers of -1 to 1 were taken for black to white", origin)};
  if (r.least >= 0 && r.greatest <= kByte) {
    if (r.is_whole && r.greatest >= kDark) return {};
    return {.scale = 1,
            .note = fmt::format("{}: its numbers of {:g} to {:g} were taken as they are, 0 for black and 255 for white",
                                origin, r.least, r.greatest)};
  }
  if (r.least >= 0 && r.greatest <= kWord && r.is_whole)
    return {
        .scale = kByte / kWord,
        .note = fmt::format("{}: its numbers up to {:g} were taken for 16 bits, 65535 for white", origin, r.greatest)};
  fail("{}: its numbers lie from {:g} to {:g}, which is no range of pixels; scale them to 0 to 1, or 0 to 255", origin,
       r.least, r.greatest);
}

}  // namespace limn::image
