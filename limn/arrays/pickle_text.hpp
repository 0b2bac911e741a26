// The text forms of pickle's protocol 0: numbers in decimal and strings as Python prints them. Nothing where a form is
// not one that Python writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "limn/core/file.hpp"

namespace limn::arrays::pickle {

// "-12", and "12L" of Python 2's long.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);
[[nodiscard]] std::optional<double> parse_real(std::string_view text);
// 'a\n\x07\'', in either kind of quotes.
[[nodiscard]] std::optional<Bytes> parse_quoted(std::string_view text);
// Python's raw-unicode-escape: bytes are Latin-1, \uXXXX and \UXXXXXXXX stand for others. Gives UTF-8.
[[nodiscard]] std::optional<Bytes> parse_unicode(std::string_view text);
// UTF-8 of U+0000 to U+00FF as a byte for a character.
[[nodiscard]] std::optional<Bytes> latin1_of(std::string_view utf8);

}  // namespace limn::arrays::pickle
