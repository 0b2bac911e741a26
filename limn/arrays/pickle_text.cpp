#include "limn/arrays/pickle_text.hpp"

#include <charconv>

namespace limn::arrays::pickle {
namespace {

template <class T, class... Base>
std::optional<T> whole_number(std::string_view text, Base... base) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base...);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void append_utf8(Bytes& to, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { to.push_back(static_cast<std::byte>(byte)); };
  const auto tail = [&](int shift) { put(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      tail(12);
    }
    tail(6);
  }
  tail(0);
}

// What stands for itself after a backslash, or 0.
char escaped(char letter) {
  constexpr std::string_view kLetters = "abfnrtv\\'\"", kMeanings = "\a\b\f\n\r\t\v\\'\"";
  const std::size_t place = kLetters.find(letter);
  return place == kLetters.npos ? '\0' : kMeanings[place];
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.ends_with('L')) text.remove_suffix(1);
  return whole_number<std::int64_t>(text);
}

std::optional<double> parse_real(std::string_view text) { return whole_number<double>(text); }

std::optional<Bytes> parse_quoted(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back() || (text.front() != '\'' && text.front() != '"'))
    return std::nullopt;
  const std::string_view inside = text.substr(1, text.size() - 2);
  Bytes bytes;
  bytes.reserve(inside.size());
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '\\') {
      bytes.push_back(static_cast<std::byte>(inside[i]));
      continue;
    }
    if (++i == inside.size()) return std::nullopt;
    if (inside[i] == 'x') {
      const auto code = whole_number<std::uint8_t>(inside.substr(i + 1, 2), 16);
      if (!code || i + 2 >= inside.size()) return std::nullopt;
      bytes.push_back(static_cast<std::byte>(*code));
      i += 2;
      continue;
    }
    const char meaning = escaped(inside[i]);
    if (meaning == '\0') return std::nullopt;
    bytes.push_back(static_cast<std::byte>(meaning));
  }
  return bytes;
}

std::optional<Bytes> parse_unicode(std::string_view text) {
  Bytes utf8;
  utf8.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digits = !text.substr(i).starts_with('\\') || i + 1 == text.size() ? 0
                               : text[i + 1] == 'u'                                      ? 4
                               : text[i + 1] == 'U'                                      ? 8
                                                                                         : 0;
    if (digits == 0) {
      append_utf8(utf8, static_cast<unsigned char>(text[i]));
      continue;
    }
    const std::string_view hex = text.substr(i + 2, digits);
    const auto code = whole_number<std::uint32_t>(hex, 16);
    if (!code || hex.size() < digits || *code > 0x10ffff) return std::nullopt;
    append_utf8(utf8, *code);
    i += 1 + digits;
  }
  return utf8;
}

std::optional<Bytes> latin1_of(std::string_view utf8) {
  Bytes bytes;
  bytes.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      bytes.push_back(static_cast<std::byte>(lead));
      continue;
    }
    const bool has_next = i + 1 < utf8.size() && (static_cast<unsigned char>(utf8[i + 1]) & 0xc0) == 0x80;
    if ((lead != 0xc2 && lead != 0xc3) || !has_next) return std::nullopt;
    bytes.push_back(static_cast<std::byte>((lead & 3) << 6 | (static_cast<unsigned char>(utf8[++i]) & 0x3f)));
  }
  return bytes;
}

}  // namespace limn::arrays::pickle
