// Lines of a text, one after the other, in memory that does not grow with it.
#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <string_view>

namespace limn::sketch {

// A line longer than this is refused: raw drawings of Quick, Draw! take some 100 kB.
inline constexpr std::size_t kMaxTextLine = std::size_t{16} << 20;

// Takes what the stream's buffer holds, a piece at a time, and no more of the stream than the lines asked for need. The
// stream must outlive it.
class TextLines {
 public:
  enum class End { kNewline, kNewlineOrReturn };

  // Lines end at \n or \r\n, with kNewlineOrReturn also at \r alone.
  explicit TextLines(std::istream& in, End end = End::kNewline) : in_(in), end_(end) {}

  // The next line without its end, or false at the end of the text. Throws Error for a line that is too long: "WHERE:
  // longer than 16 MiB; QUESTION".
  bool next(std::string& line, const std::string& where, std::string_view question);

 private:
  // Whether there is more, from at_ on in piece_.
  bool has_more();

  std::istream& in_;
  End end_;
  std::string piece_;
  std::size_t at_ = 0;
};

// Without the mark that some programs put in front of UTF-8.
[[nodiscard]] std::string_view without_byte_order_mark(std::string_view text);

}  // namespace limn::sketch
