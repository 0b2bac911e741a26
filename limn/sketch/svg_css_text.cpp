#include "limn/sketch/svg_css_text.hpp"

#include <algorithm>

#include "limn/sketch/svg_style.hpp"

namespace limn::sketch::svg {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& text, unsigned code) {
  if (code == 0 || code > 0x10ffff) code = 0xfffd;
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr unsigned kFirst[] = {0, 0xc0, 0xe0, 0xf0};
  text += static_cast<char>(kFirst[more] | (code >> (6 * more)));
  for (int i = more - 1; i >= 0; --i) text += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3f));
}

}  // namespace

bool CssText::skip_comment() {
  if (!text_.substr(position_).starts_with("/*")) return false;
  const std::size_t end = text_.find("*/", position_ + 2);
  position_ = end == text_.npos ? text_.size() : end + 2;
  return true;
}

void CssText::skip_space() {
  while (!at_end()) {
    if (is_css_space(here()))
      ++position_;
    else if (text_.substr(position_).starts_with("<!--"))
      position_ += 4;
    else if (text_.substr(position_).starts_with("-->"))
      position_ += 3;
    else if (!skip_comment())
      return;
  }
}

void CssText::append_escaped(std::string& name) {
  ++position_;
  if (at_end()) return;
  unsigned code = 0;
  int digits = 0;
  for (; digits < 6 && !at_end() && hex_digit(here()) >= 0; ++digits)
    code = code * 16 + static_cast<unsigned>(hex_digit(text_[position_++]));
  if (digits == 0) {
    name += text_[position_++];
    return;
  }
  append_utf8(name, code);
  if (!at_end() && is_css_space(here())) ++position_;
}

std::string CssText::name() {
  std::string name;
  while (!at_end()) {
    if (is_name_character(here()))
      name += text_[position_++];
    else if (here() == '\\')
      append_escaped(name);
    else
      break;
  }
  return name;
}

void CssText::skip_string() {
  const char quote = text_[position_++];
  while (!at_end() && here() != quote) position_ += here() == '\\' ? 2 : 1;
  position_ = std::min(position_ + 1, text_.size());
}

std::string CssText::name_or_string() {
  if (at_end() || (here() != '"' && here() != '\'')) return name();
  const char quote = text_[position_++];
  std::string value;
  while (!at_end() && here() != quote) {
    if (here() == '\\')
      append_escaped(value);
    else
      value += text_[position_++];
  }
  if (!at_end()) ++position_;
  return value;
}

std::string_view CssText::until(std::string_view stops) {
  const std::size_t begin = position_;
  std::size_t depth = 0;  // of brackets; which kind closes does not matter for where things end
  while (!at_end()) {
    const char c = here();
    if (depth == 0 && stops.find(c) != stops.npos) break;
    if (c == '"' || c == '\'') {
      skip_string();
      continue;
    }
    if (skip_comment()) continue;
    if (c == '\\') ++position_;
    if (c == '(' || c == '[' || c == '{') ++depth;
    if ((c == ')' || c == ']' || c == '}') && depth > 0) --depth;
    ++position_;
  }
  position_ = std::min(position_, text_.size());
  return text_.substr(begin, position_ - begin);
}

std::string_view CssText::block_of(char end) {
  const std::string_view inside = until(std::string_view(&end, 1));
  if (!at_end()) ++position_;
  return inside;
}

bool next_declaration(CssText& block, DeclarationText& declaration) {
  declaration = {};
  block.skip_space();
  if (block.at_end()) return false;
  // A rule in the block, such as "&:hover { … }".
  if (std::string_view("&.#:>+~[*@").find(block.here()) != std::string_view::npos) {
    (void)block.until(";{");
    if (!block.at_end() && block.take() == '{') (void)block.block();
    return true;
  }
  const std::string_view name = block.until(":;{");
  if (block.at_end()) return true;
  const char mark = block.take();
  if (mark == '{') (void)block.block();
  if (mark != ':') return true;
  std::string_view value = trimmed(block.until(";"));
  if (!block.at_end()) (void)block.take();
  if (const std::size_t mark_at = value.rfind('!');
      mark_at != value.npos && is_same_word(trimmed(value.substr(mark_at + 1)), "important")) {
    declaration.is_important = true;
    value = trimmed(value.substr(0, mark_at));
  }
  declaration.name = trimmed(name);
  declaration.value = value;
  return true;
}

}  // namespace limn::sketch::svg
