#include "limn/render/text.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

namespace limn::render {
namespace {

constexpr std::string_view kEllipsis = "…";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the well-formed UTF-8 sequence at the start of `text` (Unicode 15, table 3-7), or 0.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  if (lead >= 0xC2 && lead <= 0xDF) length = 2;
  if (lead >= 0xE0 && lead <= 0xEF) length = 3;
  if (lead >= 0xF0 && lead <= 0xF4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool is_overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool is_surrogate = lead == 0xED && byte(1) > 0x9F;
  const bool is_beyond_unicode = lead == 0xF4 && byte(1) > 0x8F;
  return is_overlong || is_surrogate || is_beyond_unicode ? 0 : length;
}

// XML 1.0 has no U+FFFE and U+FFFF.
bool is_noncharacter(std::string_view sequence) { return sequence == "\xEF\xBF\xBE" || sequence == "\xEF\xBF\xBF"; }

// The advance of a character as a share of the font size: DejaVu Sans and its kin, by classes.
double advance(std::string_view sequence) {
  if (sequence.size() >= 3 && static_cast<std::uint8_t>(sequence[0]) >= 0xE3) return 1.0;  // Chinese, Japanese, …
  if (sequence.size() > 1) return sequence == kEllipsis ? 1.0 : 0.62;
  const char c = sequence[0];
  if (std::string_view("ijl|'!.,:; I").find(c) != std::string_view::npos) return 0.32;
  if (std::string_view("ftr()[]{}/\\-\"`").find(c) != std::string_view::npos) return 0.41;
  if (std::string_view("mwMW@%+=<>").find(c) != std::string_view::npos) return 0.9;
  if (c >= 'A' && c <= 'Z') return 0.7;
  return 0.62;
}

}  // namespace

std::string clean_text(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    const auto lead = static_cast<std::uint8_t>(sequence[0]);
    const bool is_control =
        lead < 0x20 || lead == 0x7F || (lead == 0xC2 && length == 2 && static_cast<std::uint8_t>(sequence[1]) < 0xA0);
    if (length == 0 || is_noncharacter(sequence))
      clean += kReplacement;
    else if (is_control)
      clean += ' ';
    else
      clean += sequence;
    text.remove_prefix(sequence.size());
  }
  return clean;
}

double text_width(std::string_view text, double size) {
  double width = 0;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    width += advance(sequence);
    text.remove_prefix(sequence.size());
  }
  return width * size;
}

std::string shortened(std::string_view text, double size, double width) {
  if (text_width(text, size) <= width) return std::string(text);
  double room = width - text_width(kEllipsis, size);
  if (room < 0) return "";
  std::size_t kept = 0;
  while (kept < text.size()) {
    const std::string_view rest = text.substr(kept);
    const std::size_t length = sequence_length(rest) == 0 ? 1 : sequence_length(rest);
    room -= advance(rest.substr(0, length)) * size;
    if (room < 0) break;
    kept += length;
  }
  while (kept > 0 && text[kept - 1] == ' ') --kept;
  return std::string(text.substr(0, kept)).append(kEllipsis);
}

std::string escape_xml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string number_text(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

}  // namespace limn::render
