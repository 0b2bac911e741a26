#include "limn/sketch/text_lines.hpp"

#include "limn/core/error.hpp"

namespace limn::sketch {

bool next_line(std::istream& in, std::string& line, const std::string& where, std::string_view question,
               bool ends_at_return) {
  line.clear();
  std::streambuf& buffer = *in.rdbuf();
  constexpr int kEnd = std::char_traits<char>::eof();
  int c = buffer.sbumpc();
  if (c == kEnd) return false;
  for (; c != kEnd && c != '\n'; c = buffer.sbumpc()) {
    if (c == '\r' && ends_at_return) {
      if (buffer.sgetc() == '\n') buffer.sbumpc();
      return true;
    }
    require(line.size() < kMaxTextLine, "{}: longer than {} MiB; {}", where, kMaxTextLine >> 20, question);
    line += static_cast<char>(c);
  }
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

}  // namespace limn::sketch
