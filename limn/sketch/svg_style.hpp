// The part of CSS that decides what of an SVG is drawn, and where: the rules of its style elements, style attributes
// and presentation attributes, cascaded as browsers do. A parser of our own, bounded, for no other is packaged where
// limn is built. Selectors: elements, classes, ids, attributes, :root, :first-child, :last-child and all four
// combinators. Rules for other pseudo-classes and media are left out. A StyleSheet owns its text; declarations look
// into it and into the document.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "limn/sketch/svg_notes.hpp"

namespace limn::sketch::svg {

// In order of their names.
enum class Property {
  kClipPath,
  kClipRule,
  kCx,
  kCy,
  kD,
  kDisplay,
  kFill,
  kFillOpacity,
  kHeight,
  kMarker,
  kMarkerEnd,
  kMarkerMid,
  kMarkerStart,
  kMask,
  kOpacity,
  kOverflow,
  kR,
  kRotate,
  kRx,
  kRy,
  kScale,
  kStroke,
  kStrokeOpacity,
  kStrokeWidth,
  kTransform,
  kTransformBox,
  kTransformOrigin,
  kTranslate,
  kVisibility,
  kWidth,
  kX,
  kY,
};
inline constexpr std::size_t kProperties = static_cast<std::size_t>(Property::kY) + 1;
[[nodiscard]] std::optional<Property> property_named(std::string_view name);  // in any case

// What holds for an element: for each property the value of the strongest declaration, "" where there is none.
class Declared {
 public:
  [[nodiscard]] std::string_view operator[](Property p) const { return value_[static_cast<std::size_t>(p)]; }
  // Of an attribute and no CSS: its own syntax holds.
  [[nodiscard]] bool is_attribute(Property p) const { return strength_[static_cast<std::size_t>(p)] == kAttribute; }

  static constexpr std::uint64_t kAttribute = 1;  // the weakest declaration
  // Takes a value unless a stronger one is there, or CSS passes over it because it is none of the property's.
  void declare(Property p, std::string_view value, std::uint64_t strength);

 private:
  std::array<std::string_view, kProperties> value_{};
  std::array<std::uint64_t, kProperties> strength_{};
};

inline constexpr std::size_t kMaxSelectors = 65'536;  // of all rules together
inline constexpr std::size_t kMaxCompounds = 32;      // of a selector: "g > .a path" has three
inline constexpr int kMaxRuleDepth = 8;               // rules in @media in @media …

class StyleSheet {
 public:
  // The rules of a style element, after those that are there. Throws Error beyond the bounds, beginning with `origin`.
  void add(std::string css, const std::string& origin, Notes& notes);
  // Everything that holds for the element. Throws Error when the rules have taken too much work.
  [[nodiscard]] Declared declared(pugi::xml_node node, const std::string& origin);

 private:
  friend class RuleParser;
  enum class Combinator { kDescendant, kChild, kNext, kLater };
  struct Condition {
    enum class Kind {
      kId,
      kClass,
      kHasAttribute,
      kEquals,
      kHasWord,
      kDash,
      kStarts,
      kEnds,
      kHolds,
      kRoot,
      kFirst,
      kLast
    };
    Kind kind = Kind::kId;
    std::string name = {};  // of the attribute
    std::string value = {};
  };
  struct Compound {
    std::string type = {};  // "" for any
    std::vector<Condition> conditions = {};
    Combinator to_left = Combinator::kDescendant;  // how it hangs on the compound before it
  };
  struct Declaration {
    Property property;
    std::string_view value;
    bool is_important = false;
  };
  struct Selector {
    std::vector<Compound> compounds = {};  // the last is the element's own
    std::size_t first = 0, count = 0;      // its declarations
    std::uint64_t strength = 0;
  };

  void add_selector(Selector selector, const std::string& origin);
  [[nodiscard]] bool holds(const Condition& condition, pugi::xml_node node);
  [[nodiscard]] bool fits(const Compound& compound, pugi::xml_node node);
  [[nodiscard]] bool matches(const Selector& selector, std::size_t compound, pugi::xml_node node);

  std::deque<std::string> texts_;
  std::vector<Selector> selectors_;
  std::vector<Declaration> declarations_;
  std::vector<std::size_t> of_any_;
  // By what the last compound asks for: an id, a class ("." and the class) or an element.
  std::unordered_map<std::string, std::vector<std::size_t>> by_key_;
  std::int64_t work_left_ = 50'000'000;
};

// Whether a media query holds in a browser's window: none, all or screen.
[[nodiscard]] bool applies_on_screens(std::string_view media);

// Comparing as CSS does: A-Z as a-z.
[[nodiscard]] bool is_same_word(std::string_view a, std::string_view b);
// A name without its namespace prefix.
[[nodiscard]] std::string_view local_name(std::string_view name);
// Without white space and comments at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);
// Whether a paint leaves something: not none or transparent, nor a colour of alpha 0; nothing for anything but a paint.
[[nodiscard]] std::optional<bool> paints(std::string_view value);
// A number or a percentage.
[[nodiscard]] std::optional<double> opacity_of(std::string_view value);
// The id of url(#id), "" for another address; nothing for anything but a url().
[[nodiscard]] std::optional<std::string_view> id_of_url(std::string_view value);

}  // namespace limn::sketch::svg
