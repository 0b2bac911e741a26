#include "limn/sketch/text_lines.hpp"

#include <algorithm>

#include "limn/core/error.hpp"

namespace limn::sketch {

bool TextLines::has_more() {
  if (at_ < piece_.size()) return true;
  std::streambuf& buffer = *in_.rdbuf();
  if (buffer.sgetc() == std::char_traits<char>::eof()) return false;
  constexpr std::streamsize kMostAtOnce = 1 << 16;
  piece_.resize(static_cast<std::size_t>(std::clamp<std::streamsize>(buffer.in_avail(), 1, kMostAtOnce)));
  piece_.resize(static_cast<std::size_t>(buffer.sgetn(piece_.data(), std::ssize(piece_))));
  at_ = 0;
  return !piece_.empty();
}

bool TextLines::next(std::string& line, const std::string& where, std::string_view question) {
  line.clear();
  if (!has_more()) return false;
  while (has_more()) {
    const std::string_view rest = std::string_view(piece_).substr(at_);
    const std::size_t end = end_ == End::kNewline ? rest.find('\n') : rest.find_first_of("\r\n");
    const std::string_view part = rest.substr(0, end);
    require(part.size() <= kMaxTextLine - line.size(), "{}: longer than {} MiB; {}", where, kMaxTextLine >> 20,
            question);
    line += part;
    at_ += part.size();
    if (end == rest.npos) continue;
    ++at_;
    if (rest[end] == '\n') break;
    if (has_more() && piece_[at_] == '\n') ++at_;
    return true;
  }
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

}  // namespace limn::sketch
