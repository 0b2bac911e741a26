// Numbers of an array as bytes of pixels: which range they are in is told by their least and greatest. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace limn::image {

struct GreyScale {
  double offset = 0;
  double scale = 1;
  std::string note;  // for the user, or empty
  // offset + scale · value, cut to 0 (black) to 255.
  [[nodiscard]] std::uint8_t byte_of(double value) const;
};

// The range of all numbers of a file.
struct ValueRange {
  double least = 0;
  double greatest = 0;
  bool is_whole = true;   // no fractions
  bool is_truth = false;  // NumPy's bool
};

// 0 to 1, −1 to 1, 0 to 255, or of whole numbers 10, 12, 14 or 16 bits. Throws Error for any other range.
[[nodiscard]] GreyScale grey_scale(const ValueRange& range, std::string_view origin);

}  // namespace limn::image
