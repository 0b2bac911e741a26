// Lines of a text, one after the other, in memory that does not grow with it.
#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <string_view>

namespace limn::sketch {

// A line longer than this is refused: raw drawings of Quick, Draw! take some 100 kB.
inline constexpr std::size_t kMaxTextLine = std::size_t{16} << 20;

// The next line without its end (\n, \r\n, or \r alone where `ends_at_return`), or false at the end of the text. Throws
// Error for a line that is too long: "WHERE: longer than 16 MiB; QUESTION".
bool next_line(std::istream& in, std::string& line, const std::string& where, std::string_view question,
               bool ends_at_return = false);

// Without the mark that some programs put in front of UTF-8.
[[nodiscard]] std::string_view without_byte_order_mark(std::string_view text);

}  // namespace limn::sketch
