// Text for pictures: made safe for XML and cairo, and measured without a font, so that a layout is the same
// on every machine and in every output format.
#pragma once

#include <string>
#include <string_view>

namespace limn::render {

// `text` as valid UTF-8 on one line: bytes that are not UTF-8 become U+FFFD, control characters spaces.
[[nodiscard]] std::string clean_text(std::string_view text);

// About how wide clean text is at a font size, in the units of `size`: within a tenth for common sans-serif
// fonts.
[[nodiscard]] double text_width(std::string_view text, double size);

// Clean text cut with an ellipsis so that text_width() is at most `width`; "" if not even the ellipsis fits.
[[nodiscard]] std::string shortened(std::string_view text, double size, double width);

// With & < > " replaced by their entities.
[[nodiscard]] std::string escape_xml(std::string_view text);

// `value` with at most `decimals` decimals and no trailing zeros, "0" for what rounds to zero; never
// localised.
[[nodiscard]] std::string number_text(double value, int decimals);

}  // namespace limn::render
