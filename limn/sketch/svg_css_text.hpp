// The text of CSS, piece by piece: names, strings, blocks in brackets and declarations. No call recurses; a text that
// ends too early ends what stands open in it, as CSS says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace limn::sketch::svg {

[[nodiscard]] inline bool is_css_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

class CssText {
 public:
  explicit CssText(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return position_ >= text_.size(); }
  [[nodiscard]] char here() const { return text_[position_]; }
  [[nodiscard]] std::size_t position() const { return position_; }
  char take() { return text_[position_++]; }
  // White space, comments and the marks <!-- and -->.
  void skip_space();
  // A name, its escapes resolved; "" where none begins here.
  [[nodiscard]] std::string name();
  [[nodiscard]] std::string name_or_string();
  // Up to one of these characters, or the end; not inside of brackets, strings and comments.
  [[nodiscard]] std::string_view until(std::string_view stops);
  // Behind the opening bracket: what is in it. The closing one is taken.
  [[nodiscard]] std::string_view block_of(char end);
  [[nodiscard]] std::string_view block() { return block_of('}'); }

 private:
  void skip_string();
  bool skip_comment();
  void append_escaped(std::string& name);

  std::string_view text_;
  std::size_t position_ = 0;
};

// The words of a list that white space separates.
template <class Visit>
void each_word(std::string_view list, const Visit& visit) {
  for (std::size_t i = 0; i < list.size();) {
    std::size_t end = i;
    while (end < list.size() && !is_css_space(list[end])) ++end;
    if (end > i) visit(list.substr(i, end - i));
    i = end + 1;
  }
}

// One declaration of a block: "fill: none !important".
struct DeclarationText {
  std::string_view name, value;  // value without "!important"
  bool is_important = false;
};
// The next of a block; false at its end. Its name is "" for anything but a declaration, such as a rule in the block.
[[nodiscard]] bool next_declaration(CssText& block, DeclarationText& declaration);

template <class Visit>
void each_declaration(std::string_view block, const Visit& visit) {
  CssText text(block);
  DeclarationText declaration;
  while (next_declaration(text, declaration))
    if (!declaration.name.empty()) visit(declaration.name, declaration.value, declaration.is_important);
}

}  // namespace limn::sketch::svg
