#include "limn/sketch/svg_entities.hpp"

#include <algorithm>
#include <unordered_map>

#include "limn/core/error.hpp"

namespace limn::sketch::svg {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

bool is_name_end(char c) { return kSpace.find(c) != kSpace.npos || c == '>' || c == '[' || c == '"' || c == '\''; }

struct Entity {
  std::string_view value;
  bool is_external = false;
};
using Entities = std::unordered_map<std::string_view, Entity>;

// Goes through the text up to the end of the DOCTYPE and keeps the entities that it declares.
class Prolog {
 public:
  explicit Prolog(std::string_view text) : text_(text) {}

  struct Doctype {
    std::size_t begin = 0, end = 0;
  };
  // Where the DOCTYPE lies; nothing where there is none or it does not end.
  std::optional<Doctype> read(Entities& entities) {
    while (true) {
      skip_space();
      if (!rest().starts_with("<!DOCTYPE")) {
        if (!skip_aside()) return std::nullopt;
        continue;
      }
      const std::size_t begin = position_;
      while (!at_end() && here() != '[' && here() != '>') skip_word();
      if (at_end()) return std::nullopt;
      if (text_[position_++] == '>') return Doctype{begin, position_};
      if (!read_subset(entities)) return std::nullopt;
      position_ = text_.find('>', position_);
      return at_end() ? std::nullopt : std::optional(Doctype{begin, position_ + 1});
    }
  }

 private:
  [[nodiscard]] bool at_end() const { return position_ >= text_.size(); }
  [[nodiscard]] char here() const { return text_[position_]; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(std::min(position_, text_.size())); }
  void skip_space() {
    if (position_ == 0 && rest().starts_with("\xef\xbb\xbf")) position_ = 3;
    position_ = text_.find_first_not_of(kSpace, position_);
  }
  bool skip_past(std::string_view end) {
    position_ = text_.find(end, position_);
    if (at_end()) return false;
    position_ += end.size();
    return true;
  }
  // A comment or a processing instruction.
  bool skip_aside() {
    if (rest().starts_with("<!--")) return skip_past("-->");
    return rest().starts_with("<?") && skip_past("?>");
  }
  // The next word or quoted text, without its quotes.
  std::string_view word() {
    skip_space();
    if (at_end()) return {};
    const std::size_t begin = position_;
    if (here() == '"' || here() == '\'') {
      const std::size_t end = std::min(text_.find(here(), begin + 1), text_.size());
      position_ = end + 1;
      return text_.substr(begin + 1, end - begin - 1);
    }
    while (!at_end() && !is_name_end(here())) ++position_;
    return text_.substr(begin, position_ - begin);
  }
  void skip_word() {
    const std::size_t before = position_;
    (void)word();
    if (position_ == before) ++position_;
  }

  // From behind '[' to behind ']'.
  bool read_subset(Entities& entities) {
    while (true) {
      skip_space();
      if (at_end()) return false;
      if (here() == ']') {
        ++position_;
        return true;
      }
      if (skip_aside()) continue;
      if (at_end()) return false;
      if (rest().starts_with("<!ENTITY")) {
        position_ += 8;
        read_entity(entities);
      }
      while (!at_end() && here() != '>' && here() != ']') skip_word();
      if (!at_end() && here() == '>') ++position_;
    }
  }

  void read_entity(Entities& entities) {
    const std::string_view name = word();
    if (name == "%" || name.empty()) return;  // a parameter entity is of the DOCTYPE itself
    skip_space();
    if (at_end()) return;
    const bool is_external = here() != '"' && here() != '\'';
    entities.try_emplace(name, Entity{.value = is_external ? std::string_view() : word(), .is_external = is_external});
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

class Expansion {
 public:
  Expansion(const Entities& entities, std::size_t limit, const std::string& origin, Notes& notes)
      : entities_(entities), left_(limit), origin_(origin), notes_(notes) {}

  std::string of(std::string_view text) {
    while (!text.empty()) {
      const std::size_t stop = text.find_first_of(quote_ != 0 ? "&\"'" : is_in_tag_ ? "&\"'>" : "&<");
      if (stop == text.npos) break;
      out_ += text.substr(0, stop);
      text.remove_prefix(stop);
      text.remove_prefix(text.front() == '&' ? reference(text, 0) : markup(text));
    }
    out_ += text;
    return std::move(out_);
  }

 private:
  // Anything but a reference: follows where tags and quoted values begin and end. Returns the characters taken.
  std::size_t markup(std::string_view text) {
    std::size_t length = 1;
    const char c = text.front();
    if (c == '<') {
      for (const auto& [begin, end] : {std::pair{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}})
        if (text.starts_with(begin)) length = std::min(text.find(end, 2), text.size() - 1) + 1;
      is_in_tag_ = length == 1;
    } else if (c == '>') {
      is_in_tag_ = false;
    } else if (quote_ == 0) {
      quote_ = c;
    } else if (quote_ == c) {
      quote_ = 0;
    }
    out_ += text.substr(0, length);
    return length;
  }

  // The reference that `text` begins with. Returns its length; 1 for what is none of ours, which is kept.
  std::size_t reference(std::string_view text, int depth) {
    const std::size_t end = text.substr(0, 256).find(';');
    const auto found = end == text.npos ? entities_.end() : entities_.find(text.substr(1, end - 1));
    if (found == entities_.end() || (is_in_tag_ && quote_ == 0)) {
      out_ += '&';
      return 1;
    }
    if (found->second.is_external)
      notes_.add("an entity stands for another file, which is not opened",
                 fmt::format(": &{};", printable(found->first, 40)));
    require(depth < kMaxEntityDepth, "{}: its entities stand in each other deeper than {}; it is refused", origin_,
            kMaxEntityDepth);
    const std::string_view value = found->second.value;
    const std::size_t cost = value.size() + 8;
    require(cost <= left_, "{}: its entities make it many times larger; it is refused", origin_);
    left_ -= cost;
    for (std::size_t i = 0; i < value.size();)
      i += value[i] == '&' ? reference(value.substr(i), depth + 1) : put(value[i]);
    return end + 1;
  }

  // A character of an entity's value: in an attribute, quotes and tags are characters as all others are.
  std::size_t put(char c) {
    if (quote_ != 0 && c == '<')
      out_ += "&lt;";
    else if (quote_ != 0 && (c == '"' || c == '\''))
      out_ += c == '"' ? "&quot;" : "&apos;";
    else
      out_ += c;
    return 1;
  }

  const Entities& entities_;
  std::size_t left_;
  const std::string& origin_;
  Notes& notes_;
  std::string out_;
  bool is_in_tag_ = false;
  char quote_ = 0;  // of the attribute's value that the text is in
};

}  // namespace

std::optional<std::string> with_entities(std::string_view svg, const std::string& origin, Notes& notes) {
  Entities entities;
  const auto doctype = Prolog(svg).read(entities);
  for (const char* known : {"lt", "gt", "amp", "quot", "apos"}) entities.erase(known);
  if (!doctype || entities.empty()) return std::nullopt;
  const std::size_t limit = std::min(kEntityFactor * svg.size() + kEntityFloor, kMaxEntities);
  std::string text(svg.substr(0, doctype->begin));  // it may name the encoding
  return text + Expansion(entities, limit, origin, notes).of(svg.substr(doctype->end));
}

}  // namespace limn::sketch::svg
