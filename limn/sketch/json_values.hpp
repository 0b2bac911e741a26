// The values of a JSON text, side by side in one list: 16 bytes a value, whatever it is, so that a hostile text takes
// memory in proportion to its length. Nesting is bounded. Readers that must see a whole value before they know what
// it means (json_shapes.hpp, the files of drawing programs) look at it through JsonValue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace limn::sketch {

// Lists and objects in each other. Drawing programs nest rich text about ten deep.
inline constexpr int kMaxJsonDepth = 64;

class JsonValue;

// Owns the values; JsonValue looks into it. Any number of threads may read one.
class JsonValues {
 public:
  // Throws Error for a text that is not JSON or nested too deep. `what` says where it stands, and begins the messages.
  JsonValues(std::string_view json, const std::string& what);

  [[nodiscard]] JsonValue root() const;

 private:
  friend class JsonValue;
  friend class JsonValuesBuilder;
  friend class PlainJsonScanner;
  enum class Kind : std::uint8_t { kNumber, kText, kTrue, kFalse, kNull, kList, kObject };
  struct Node {
    std::uint64_t kind : 3 = 0;
    std::uint64_t size : 61 = 0;  // of a text its length, of a list its values, of an object its members
    union {
      double number = 0;
      std::uint64_t begin;  // of a text in texts_
      std::uint64_t end;    // of a list or object: the node after all that it holds
    };
  };
  static_assert(sizeof(Node) == 16);

  std::vector<Node> nodes_;
  std::string texts_;
};

// A value, or nothing where an object lacks a member. Cheap to copy; its JsonValues must outlive it.
class JsonValue {
 public:
  JsonValue() = default;

  [[nodiscard]] bool is_there() const { return values_ != nullptr; }
  [[nodiscard]] bool is_number() const { return is(JsonValues::Kind::kNumber); }
  [[nodiscard]] bool is_text() const { return is(JsonValues::Kind::kText); }
  [[nodiscard]] bool is_list() const { return is(JsonValues::Kind::kList); }
  [[nodiscard]] bool is_object() const { return is(JsonValues::Kind::kObject); }
  [[nodiscard]] bool is_true() const { return is(JsonValues::Kind::kTrue); }
  [[nodiscard]] bool is_false() const { return is(JsonValues::Kind::kFalse); }
  // "a number", "a list", …
  [[nodiscard]] std::string_view kind_name() const;

  // The number; `otherwise` for anything else.
  [[nodiscard]] double number(double otherwise = 0) const { return is_number() ? node().number : otherwise; }
  // The text; empty for anything else.
  [[nodiscard]] std::string_view text() const;
  // Values of a list, members of an object; 0 of anything else.
  [[nodiscard]] std::size_t size() const { return holds_values() ? node().size : 0; }
  // The member of that name, the last one if there are several; nothing if there is none.
  [[nodiscard]] JsonValue operator[](std::string_view name) const;

  // The values of a list, one after the other, or those of an object's members, whose name() tells the name.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = JsonValue;
    using difference_type = std::ptrdiff_t;
    using pointer = const JsonValue*;
    using reference = JsonValue;
    Iterator() = default;
    Iterator(const JsonValues* values, std::size_t at, bool is_object)
        : values_(values), at_(at), is_object_(is_object) {}
    [[nodiscard]] JsonValue operator*() const { return {values_, at_ + (is_object_ ? 1 : 0)}; }
    [[nodiscard]] std::string_view name() const { return JsonValue(values_, at_).text(); }
    Iterator& operator++() {
      at_ = (**this).after();
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    const JsonValues* values_ = nullptr;
    std::size_t at_ = 0;
    bool is_object_ = false;
  };
  [[nodiscard]] Iterator begin() const { return holds_values() ? Iterator(values_, at_ + 1, is_object()) : end(); }
  [[nodiscard]] Iterator end() const { return {values_, is_there() ? after() : 0, is_object()}; }
  [[nodiscard]] JsonValue front() const { return size() == 0 ? JsonValue() : *begin(); }

 private:
  friend class JsonValues;
  JsonValue(const JsonValues* values, std::size_t at) : values_(values), at_(at) {}
  [[nodiscard]] const JsonValues::Node& node() const { return values_->nodes_[at_]; }
  [[nodiscard]] bool is(JsonValues::Kind kind) const {
    return values_ != nullptr && static_cast<JsonValues::Kind>(node().kind) == kind;
  }
  [[nodiscard]] bool holds_values() const { return is_list() || is_object(); }
  [[nodiscard]] std::size_t after() const { return holds_values() ? node().end : at_ + 1; }

  const JsonValues* values_ = nullptr;
  std::size_t at_ = 0;
};

}  // namespace limn::sketch
