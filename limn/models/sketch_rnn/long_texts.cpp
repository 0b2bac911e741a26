#include "limn/models/sketch_rnn/long_texts.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace limn::models {
namespace {

constexpr std::size_t kLong = 256;
constexpr char kMark = '\x7f';  // begins what stands for a long text, and is nowhere else

// The bytes that JSON may hold in a text as they are: no quote, backslash, control character or byte beyond ASCII.
constexpr auto kIsPlain = [] {
  std::array<bool, 256> is_plain{};
  for (std::size_t c = ' '; c < 0x80; ++c) is_plain[c] = c != '"' && c != '\\';
  return is_plain;
}();

bool is_plain(std::string_view text) {
  bool is_all = true;  // without a branch for each byte
  for (const char c : text) is_all = is_all & kIsPlain[static_cast<unsigned char>(c)];
  return is_all;
}

// The place of the quote that ends the text which begins at `begin`, or npos.
std::size_t end_of_text(std::string_view json, std::size_t begin) {
  std::size_t end = json.find('"', begin);
  const auto is_escaped = [&] {
    std::size_t first = end;
    while (first > begin && json[first - 1] == '\\') --first;
    return (end - first) % 2 != 0;
  };
  while (end != json.npos && is_escaped()) end = json.find('"', end + 1);
  return end;
}

}  // namespace

LongTexts::LongTexts(std::string_view json) {
  const auto has = [json](std::string_view mark) { return json.find(mark) != json.npos; };
  const bool has_mark = has("\x7f") || has("\\u007f") || has("\\u007F");
  std::size_t kept = 0;  // up to here it is in json_
  for (std::size_t quote = has_mark ? json.npos : json.find('"'); quote != json.npos;) {
    const std::size_t begin = quote + 1, end = end_of_text(json, begin);
    if (end == json.npos) break;
    const std::string_view text = json.substr(begin, end - begin);
    if (text.size() >= kLong && is_plain(text)) {
      json_.append(json.substr(kept, begin - kept)).append(1, kMark).append(std::to_string(texts_.size()));
      texts_.push_back(text);
      kept = end;
    }
    quote = json.find('"', end + 1);
  }
  json_ += json.substr(kept);
}

std::string_view LongTexts::text(std::string_view parsed) const {
  if (!parsed.starts_with(kMark)) return parsed;
  std::size_t number = 0;
  std::from_chars(parsed.data() + 1, parsed.data() + parsed.size(), number);
  return number < texts_.size() ? texts_[number] : parsed;
}

}  // namespace limn::models
