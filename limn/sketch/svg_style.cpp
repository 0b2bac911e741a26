#include "limn/sketch/svg_style.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/sketch/svg_css_text.hpp"

namespace limn::sketch::svg {
namespace {

constexpr std::array<std::string_view, kProperties> kNames{"clip-path",
                                                           "clip-rule",
                                                           "cx",
                                                           "cy",
                                                           "d",
                                                           "display",
                                                           "fill",
                                                           "fill-opacity",
                                                           "height",
                                                           "marker",
                                                           "marker-end",
                                                           "marker-mid",
                                                           "marker-start",
                                                           "mask",
                                                           "opacity",
                                                           "overflow",
                                                           "r",
                                                           "rotate",
                                                           "rx",
                                                           "ry",
                                                           "scale",
                                                           "stroke",
                                                           "stroke-opacity",
                                                           "stroke-width",
                                                           "transform",
                                                           "transform-box",
                                                           "transform-origin",
                                                           "translate",
                                                           "visibility",
                                                           "width",
                                                           "x",
                                                           "y"};
static_assert(std::ranges::is_sorted(kNames));

constexpr std::uint64_t kStyleAttribute = std::uint64_t{1} << 62;
constexpr std::uint64_t kImportant = std::uint64_t{1} << 63;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_one_word_of(std::string_view value, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return is_same_word(value, word); });
}

bool is_css_wide(std::string_view value) {
  return is_one_word_of(value, {"inherit", "initial", "unset", "revert", "revert-layer"});
}

bool is_valid(Property p, std::string_view value) {
  if (is_css_wide(value) || value.find("var(") != value.npos) return true;
  switch (p) {
    case Property::kDisplay:
      return is_one_word_of(value, {"none",
                                    "inline",
                                    "block",
                                    "contents",
                                    "inline-block",
                                    "list-item",
                                    "run-in",
                                    "compact",
                                    "marker",
                                    "flex",
                                    "inline-flex",
                                    "grid",
                                    "inline-grid",
                                    "table",
                                    "inline-table",
                                    "flow-root",
                                    "flow",
                                    "table-row",
                                    "table-cell",
                                    "table-column",
                                    "table-caption",
                                    "table-row-group",
                                    "table-header-group",
                                    "table-footer-group",
                                    "table-column-group"});
    case Property::kVisibility:
      return is_one_word_of(value, {"visible", "hidden", "collapse"});
    case Property::kFill:
    case Property::kStroke:
      return paints(value).has_value();
    case Property::kOpacity:
    case Property::kFillOpacity:
    case Property::kStrokeOpacity:
      return opacity_of(value).has_value();
    default:
      return true;
  }
}

std::optional<double> number_in(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

// Whether the last of four numbers of rgba(…), hsl(… / …) is 0.
bool is_clear(std::string_view function) {
  const std::size_t open = function.find('('), close = function.rfind(')');
  if (open == function.npos || close == function.npos || close < open) return false;
  const std::string_view arguments = function.substr(open + 1, close - open - 1);
  std::size_t place = arguments.rfind('/');
  if (place == arguments.npos && std::ranges::count(arguments, ',') == 3) place = arguments.rfind(',');
  if (place == arguments.npos) return false;
  return opacity_of(arguments.substr(place + 1)).value_or(1) <= 0;
}

}  // namespace

bool is_same_word(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::string_view local_name(std::string_view name) {
  return name.substr(name.find(':') == name.npos ? 0 : name.find(':') + 1);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty()) {
    if (is_css_space(text.front()))
      text.remove_prefix(1);
    else if (text.starts_with("/*"))
      text.remove_prefix(std::min(text.find("*/", 2), text.size() - 2) + 2);
    else
      break;
  }
  while (!text.empty()) {
    if (is_css_space(text.back()))
      text.remove_suffix(1);
    else if (text.ends_with("*/") && text.rfind("/*", text.size() - 3) != text.npos && text.size() >= 4)
      text = text.substr(0, text.rfind("/*", text.size() - 3));
    else
      break;
  }
  return text;
}

std::optional<bool> paints(std::string_view value) {
  if (is_one_word_of(value, {"none", "transparent"})) return false;
  if (value.empty()) return std::nullopt;
  if (value.front() == '#') {
    const std::string_view digits = value.substr(1);
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos) return std::nullopt;
    if (digits.size() == 4) return digits[3] != '0';
    if (digits.size() == 8) return digits.substr(6) != "00";
    return digits.size() == 3 || digits.size() == 6 ? std::optional(true) : std::nullopt;
  }
  const char first = lower(value.front());
  if (first < 'a' || first > 'z') return std::nullopt;
  if (value.find('(') != value.npos) return is_same_word(value.substr(0, 4), "url(") || !is_clear(value);
  const bool is_word =
      std::ranges::all_of(value, [](char c) { return (lower(c) >= 'a' && lower(c) <= 'z') || c == '-'; });
  return is_word ? std::optional(true) : std::nullopt;
}

std::optional<double> opacity_of(std::string_view value) {
  value = trimmed(value);
  const bool is_per_cent = value.ends_with('%');
  if (is_per_cent) value.remove_suffix(1);
  const auto number = number_in(value);
  return number && is_per_cent ? std::optional(*number / 100) : number;
}

std::optional<std::string_view> id_of_url(std::string_view value) {
  if (!is_same_word(value.substr(0, 4), "url(")) return std::nullopt;
  std::string_view inner = trimmed(value.substr(4, std::min(value.find(')'), value.size()) - 4));
  if (inner.size() >= 2 && (inner.front() == '"' || inner.front() == '\'')) inner = inner.substr(1, inner.size() - 2);
  return inner.starts_with('#') ? inner.substr(1) : std::string_view();
}

std::optional<Property> property_named(std::string_view name) {
  std::array<char, 24> word;
  if (name.size() > word.size()) return std::nullopt;
  std::ranges::transform(name, word.begin(), lower);
  const std::string_view lowered(word.data(), name.size());
  const auto found = std::ranges::lower_bound(kNames, lowered);
  if (found == kNames.end() || *found != lowered) return std::nullopt;
  return static_cast<Property>(found - kNames.begin());
}

void Declared::declare(Property p, std::string_view value, std::uint64_t strength) {
  const auto i = static_cast<std::size_t>(p);
  if (strength < strength_[i] || value.empty() || !is_valid(p, value)) return;
  value_[i] = value;
  strength_[i] = strength;
}

bool StyleSheet::holds(const Condition& condition, pugi::xml_node node) {
  using Kind = Condition::Kind;
  switch (condition.kind) {
    case Kind::kRoot:
      return node.parent().type() == pugi::node_document;
    case Kind::kFirst:
    case Kind::kLast: {
      const bool is_first = condition.kind == Kind::kFirst;
      do {
        node = is_first ? node.previous_sibling() : node.next_sibling();
        --work_left_;
      } while (node && node.type() != pugi::node_element);
      return !node;
    }
    default:
      break;
  }
  pugi::xml_attribute attribute = node.first_attribute();
  while (attribute && attribute.name() != condition.name) {
    attribute = attribute.next_attribute();
    --work_left_;
  }
  if (!attribute) return false;
  const std::string_view value = attribute.value(), wanted = condition.value;
  work_left_ -= static_cast<std::int64_t>(value.size() / 8 + 1);
  switch (condition.kind) {
    case Kind::kHasAttribute:
      return true;
    case Kind::kClass:
    case Kind::kHasWord: {
      bool is_there = false;
      each_word(value, [&](std::string_view word) { is_there = is_there || word == wanted; });
      return is_there;
    }
    case Kind::kDash:
      return value == wanted || (value.starts_with(wanted) && value.substr(wanted.size()).starts_with('-'));
    case Kind::kStarts:
      return !wanted.empty() && value.starts_with(wanted);
    case Kind::kEnds:
      return !wanted.empty() && value.ends_with(wanted);
    case Kind::kHolds:
      return !wanted.empty() && value.find(wanted) != value.npos;
    default:
      return value == wanted;
  }
}

bool StyleSheet::fits(const Compound& compound, pugi::xml_node node) {
  --work_left_;
  if (!compound.type.empty() && local_name(node.name()) != compound.type) return false;
  return std::ranges::all_of(compound.conditions, [&](const Condition& c) { return holds(c, node); });
}

// From the right to the left: compound number `compound` at the node, then what it hangs on.
bool StyleSheet::matches(const Selector& selector, std::size_t compound, pugi::xml_node node) {
  if (work_left_ < 0 || !fits(selector.compounds[compound], node)) return false;
  if (compound == 0) return true;
  const Combinator combinator = selector.compounds[compound].to_left;
  const bool is_upwards = combinator == Combinator::kDescendant || combinator == Combinator::kChild;
  const bool is_once = combinator == Combinator::kChild || combinator == Combinator::kNext;
  while (work_left_ >= 0) {
    --work_left_;
    node = is_upwards ? node.parent() : node.previous_sibling();
    if (!node || node.type() == pugi::node_document) return false;
    if (node.type() != pugi::node_element) continue;
    if (matches(selector, compound - 1, node)) return true;
    if (is_once) return false;
  }
  return false;
}

Declared StyleSheet::declared(pugi::xml_node node, const std::string& origin) {
  Declared all;
  std::string_view style;
  for (const pugi::xml_attribute attribute : node.attributes()) {
    const std::string_view name = attribute.name();
    if (name == "style") style = attribute.value();
    if (const auto property = property_named(name))
      all.declare(*property, trimmed(attribute.value()), Declared::kAttribute);
  }
  each_declaration(style, [&](std::string_view name, std::string_view value, bool is_important) {
    if (const auto property = property_named(name))
      all.declare(*property, value, kStyleAttribute | (is_important ? kImportant : 0));
  });
  if (selectors_.empty()) return all;
  const auto try_selectors = [&](const std::vector<std::size_t>& numbers) {
    for (const std::size_t i : numbers) {
      const Selector& selector = selectors_[i];
      if (!matches(selector, selector.compounds.size() - 1, node)) continue;
      for (std::size_t d = selector.first; d < selector.first + selector.count; ++d) {
        const Declaration& declaration = declarations_[d];
        --work_left_;
        all.declare(declaration.property, declaration.value,
                    selector.strength | (declaration.is_important ? kImportant : 0));
      }
    }
  };
  const auto try_key = [&](const std::string& key) {
    --work_left_;
    if (const auto found = by_key_.find(key); found != by_key_.end()) try_selectors(found->second);
  };
  try_selectors(of_any_);
  try_key(std::string(local_name(node.name())));
  if (const pugi::xml_attribute id = node.attribute("id")) try_key("#" + std::string(id.value()));
  each_word(node.attribute("class").value(), [&](std::string_view word) { try_key("." + std::string(word)); });
  require(work_left_ >= 0, "{}: its style rules take too much work; it is refused", origin);
  return all;
}

void StyleSheet::add_selector(Selector selector, const std::string& origin) {
  require(selectors_.size() < kMaxSelectors, "{}: its style rules have more than {} selectors; it is refused", origin,
          kMaxSelectors);
  std::uint64_t ids = 0, classes = 0, types = 0;
  for (const Compound& compound : selector.compounds) {
    types += compound.type.empty() ? 0 : 1;
    for (const Condition& condition : compound.conditions) ++(condition.kind == Condition::Kind::kId ? ids : classes);
  }
  const auto part = [](std::uint64_t count, int shift) { return std::min<std::uint64_t>(count, 255) << shift; };
  // Stronger than attributes, weaker than style attributes; of equal ones the later.
  selector.strength =
      (std::uint64_t{1} << 61) | part(ids, 48) | part(classes, 40) | part(types, 32) | selectors_.size();
  const Compound& own = selector.compounds.back();
  std::string key = own.type;
  for (const Condition& condition : own.conditions) {
    if (condition.kind == Condition::Kind::kId) key = "#" + condition.value;
    if (condition.kind == Condition::Kind::kClass && !key.starts_with('#')) key = "." + condition.value;
  }
  (key.empty() ? of_any_ : by_key_[key]).push_back(selectors_.size());
  selectors_.push_back(std::move(selector));
}

// The rules of one text.
class RuleParser {
 public:
  RuleParser(StyleSheet& sheet, const std::string& origin, Notes& notes)
      : sheet_(sheet), origin_(origin), notes_(notes) {}

  void rules(std::string_view css, int depth) {
    CssText text(css);
    while (text.skip_space(), !text.at_end()) {
      if (text.here() == '@') {
        at_rule(text, depth);
        continue;
      }
      const std::string_view selectors = text.until("{}");
      if (text.at_end()) return;
      if (text.take() == '{') rule(selectors, text.block());
    }
  }

 private:
  using Combinator = StyleSheet::Combinator;
  using Condition = StyleSheet::Condition;

  void at_rule(CssText& text, int depth) {
    (void)text.take();
    const std::string name = text.name();
    const std::string_view prelude = trimmed(text.until("{;}"));
    const bool has_block = !text.at_end() && text.take() == '{';
    const std::string_view block = has_block ? text.block() : std::string_view();
    if (is_same_word(name, "import")) notes_.add("a style sheet in another file is not opened");
    const bool is_media = is_same_word(name, "media");
    if (!has_block || !(is_media || is_same_word(name, "supports") || is_same_word(name, "layer"))) return;
    if (!is_media || applies_on_screens(prelude)) {
      require(depth < kMaxRuleDepth, "{}: its style rules are nested deeper than {}; it is refused", origin_,
              kMaxRuleDepth);
      return rules(block, depth + 1);
    }
    if (prelude.find("print") == prelude.npos && prelude.find("dark") == prelude.npos)
      notes_.add("style rules for some screens only are left out", fmt::format(": @media {}", printable(prelude, 40)));
  }

  void rule(std::string_view selectors, std::string_view block) {
    const std::size_t first = sheet_.declarations_.size();
    each_declaration(block, [&](std::string_view name, std::string_view value, bool is_important) {
      if (const auto property = property_named(name)) sheet_.declarations_.push_back({*property, value, is_important});
    });
    const std::size_t count = sheet_.declarations_.size() - first;
    if (count == 0) return;
    CssText text(selectors);
    while (true) {
      CssText one(text.until(","));
      if (auto selector = read_selector(one)) {
        selector->first = first;
        selector->count = count;
        sheet_.add_selector(std::move(*selector), origin_);
      }
      if (text.at_end()) return;
      (void)text.take();
    }
  }

  // Nothing for one that is not known, or that never holds in a picture that nobody points at.
  std::optional<StyleSheet::Selector> read_selector(CssText& text) {
    StyleSheet::Selector selector;
    Combinator combinator = Combinator::kDescendant;
    while (text.skip_space(), !text.at_end()) {
      if (const char c = text.here(); !selector.compounds.empty() && (c == '>' || c == '+' || c == '~')) {
        combinator = c == '>' ? Combinator::kChild : c == '+' ? Combinator::kNext : Combinator::kLater;
        (void)text.take();
        continue;
      }
      StyleSheet::Compound compound;
      compound.to_left = std::exchange(combinator, Combinator::kDescendant);
      if (!read_compound(text, compound)) return std::nullopt;
      selector.compounds.push_back(std::move(compound));
      if (selector.compounds.size() > kMaxCompounds) return unknown();
    }
    return selector.compounds.empty() ? std::nullopt : std::optional(std::move(selector));
  }

  std::optional<StyleSheet::Selector> unknown() {
    notes_.add("style rules with selectors that limn does not know are left out");
    return std::nullopt;
  }

  bool read_compound(CssText& text, StyleSheet::Compound& compound) {
    const std::size_t begin = text.position();
    while (!text.at_end() && !is_css_space(text.here()) &&
           std::string_view(">+~").find(text.here()) == std::string_view::npos) {
      const char c = text.here();
      if (c == '.' || c == '#') {
        (void)text.take();
        compound.conditions.push_back(
            {c == '.' ? Condition::Kind::kClass : Condition::Kind::kId, c == '.' ? "class" : "id", text.name()});
        if (compound.conditions.back().value.empty()) return unknown().has_value();
      } else if (c == '*' || c == '|') {
        (void)text.take();
      } else if (c == ':') {
        if (!read_pseudo(text, compound)) return false;
      } else if (c == '[') {
        (void)text.take();
        CssText inner(text.block_of(']'));
        if (!read_attribute(inner, compound)) return unknown().has_value();
      } else {
        compound.type = text.name();
        if (compound.type.empty()) return unknown().has_value();
        if (!text.at_end() && text.here() == '|') compound.type.clear();  // that was a namespace's prefix
      }
    }
    return text.position() > begin;
  }

  bool read_pseudo(CssText& text, StyleSheet::Compound& compound) {
    (void)text.take();
    if (!text.at_end() && text.here() == ':') return false;  // a pseudo-element
    const std::string name = text.name();
    for (const auto& [known, kind] : {std::pair{"root", Condition::Kind::kRoot},
                                      {"first-child", Condition::Kind::kFirst},
                                      {"last-child", Condition::Kind::kLast}})
      if (is_same_word(name, known)) {
        compound.conditions.push_back({.kind = kind});
        return true;
      }
    for (const char* never :
         {"hover", "focus", "focus-within", "focus-visible", "active", "visited", "target", "before", "after"})
      if (is_same_word(name, never)) return false;
    return unknown().has_value();
  }

  static bool read_attribute(CssText& text, StyleSheet::Compound& compound) {
    text.skip_space();
    Condition condition{.kind = Condition::Kind::kHasAttribute, .name = text.name()};
    text.skip_space();
    if (condition.name.empty()) return false;
    if (!text.at_end()) {
      const char c = text.take();
      constexpr std::string_view kMarks = "~|^$*";
      constexpr std::array kKinds{Condition::Kind::kHasWord, Condition::Kind::kDash, Condition::Kind::kStarts,
                                  Condition::Kind::kEnds, Condition::Kind::kHolds};
      if (const std::size_t mark = kMarks.find(c); mark != kMarks.npos) {
        condition.kind = kKinds[mark];
        if (text.at_end() || text.take() != '=') return false;
      } else if (c == '=') {
        condition.kind = Condition::Kind::kEquals;
      } else {
        return false;
      }
      text.skip_space();
      condition.value = text.name_or_string();
    }
    compound.conditions.push_back(std::move(condition));
    return true;
  }

  StyleSheet& sheet_;
  const std::string& origin_;
  Notes& notes_;
};

bool applies_on_screens(std::string_view media) {
  return media.empty() || is_one_word_of(media, {"all", "screen", "only screen", "only all"});
}

void StyleSheet::add(std::string css, const std::string& origin, Notes& notes) {
  texts_.push_back(std::move(css));
  RuleParser(*this, origin, notes).rules(texts_.back(), 0);
}

}  // namespace limn::sketch::svg
