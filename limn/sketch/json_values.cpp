#include "limn/sketch/json_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "limn/core/error.hpp"
#include "limn/core/json_stream.hpp"

namespace limn::sketch {

class JsonValuesBuilder : public JsonEvents {
 public:
  JsonValuesBuilder(JsonValues& values, const std::string& what) : JsonEvents(what), values_(values) {}

 private:
  using Kind = JsonValues::Kind;

  JsonValues::Node& add(Kind kind) {
    if (!open_.empty() && !is_name_) ++values_.nodes_[open_.back()].size;
    JsonValues::Node& node = values_.nodes_.emplace_back();
    node.kind = static_cast<std::uint64_t>(kind);
    return node;
  }
  void add_text(const std::string& value) {
    JsonValues::Node& node = add(Kind::kText);
    node.size = value.size();
    node.begin = values_.texts_.size();
    values_.texts_ += value;
  }
  void open(Kind kind) {
    require(open_.size() < kMaxJsonDepth, "{}: lists and objects in each other more than {} deep; it is refused",
            what(), kMaxJsonDepth);
    add(kind);
    open_.push_back(values_.nodes_.size() - 1);
  }
  void close() {
    values_.nodes_[open_.back()].end = values_.nodes_.size();
    open_.pop_back();
  }

  void number(double value) override { add(Kind::kNumber).number = value; }
  void text(const std::string& value) override { add_text(value); }
  void truth(bool value) override { add(value ? Kind::kTrue : Kind::kFalse); }
  void nothing() override { add(Kind::kNull); }
  void begin_list() override { open(Kind::kList); }
  void end_list() override { close(); }
  void begin_object() override { open(Kind::kObject); }
  void finish_object() override { close(); }
  void name(const std::string& key) override {
    is_name_ = true;
    add_text(key);
    is_name_ = false;
  }

  JsonValues& values_;
  std::vector<std::size_t> open_;  // the nodes of the lists and objects that have begun
  bool is_name_ = false;
};

// Reads what nearly every text is: JSON in ASCII without escapes. Faster than nlohmann/json, which reads the text anew
// where this one gives up, be it valid or not, and says what is wrong with it.
class PlainJsonScanner {
 public:
  PlainJsonScanner(JsonValues& values, std::string_view json)
      : nodes_(values.nodes_), texts_(values.texts_), at_(json.data()), end_(json.data() + json.size()) {
    // A value takes two bytes or more, with what parts it from the next. In a large text they are counted.
    constexpr std::size_t kSmall = std::size_t{1} << 16;
    std::size_t most = json.size() / 2;
    if (json.size() > kSmall)
      most = std::min(most, static_cast<std::size_t>(std::ranges::count_if(json, parts_values)));
    nodes_.reserve(most + 1);
  }

  // Whether the values are those of the whole text. Else they are of no use.
  bool scan() {
    if (!value()) return false;
    while (depth_ > 0) {
      const bool is_object = kind_of(open_[depth_ - 1]) == Kind::kObject;
      const char next = next_char();
      if (next == (is_object ? '}' : ']')) {
        ++at_;
        close();
      } else if (next != ',' || (++at_, is_object && !name()) || !value()) {
        return false;
      }
    }
    return next_char() == kNothing && at_ == end_;
  }

 private:
  using Kind = JsonValues::Kind;
  static constexpr char kNothing = '\0';

  static bool parts_values(char c) { return c == ',' || c == '[' || c == '{' || c == ':'; }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  // Within a text: ASCII that stands for itself.
  static bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= ' ' && byte < 0x80 && c != '"' && c != '\\';
  }

  [[nodiscard]] Kind kind_of(std::size_t node) const { return static_cast<Kind>(nodes_[node].kind); }
  // The next character that is not a space, kNothing at the end.
  char next_char() {
    while (at_ != end_ && *at_ <= ' ' && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
    return at_ == end_ ? kNothing : *at_;
  }
  JsonValues::Node& add(Kind kind) {
    JsonValues::Node& node = nodes_.emplace_back();
    node.kind = static_cast<std::uint64_t>(kind);
    return node;
  }
  void count_value() {
    if (depth_ > 0) ++nodes_[open_[depth_ - 1]].size;
  }
  void close() { nodes_[open_[--depth_]].end = nodes_.size(); }

  // A value; of a list or object that is not empty all up to its first value, within which the scan continues.
  bool value() {
    for (;;) {
      const char first = next_char();
      count_value();
      switch (first) {
        case '[':
        case '{': {
          const bool is_object = first == '{';
          if (depth_ == open_.size()) return false;
          add(is_object ? Kind::kObject : Kind::kList);
          open_[depth_++] = nodes_.size() - 1;
          ++at_;
          if (next_char() == (is_object ? '}' : ']')) {
            ++at_;
            close();
            return true;
          }
          if (is_object && !name()) return false;
          break;
        }
        case '"':
          return text();
        case 't':
          return word("true", Kind::kTrue);
        case 'f':
          return word("false", Kind::kFalse);
        case 'n':
          return word("null", Kind::kNull);
        default:
          return number();
      }
    }
  }
  bool name() {
    if (next_char() != '"' || !text() || next_char() != ':') return false;
    ++at_;
    return true;
  }
  bool text() {
    const char* const begin = ++at_;
    while (at_ != end_ && is_plain(*at_)) ++at_;
    if (at_ == end_ || *at_ != '"') return false;
    JsonValues::Node& node = add(Kind::kText);
    node.size = static_cast<std::uint64_t>(at_ - begin);
    node.begin = texts_.size();
    texts_.append(begin, at_++);
    return true;
  }
  bool word(std::string_view spelling, Kind kind) {
    if (!std::string_view(at_, end_).starts_with(spelling)) return false;
    at_ += spelling.size();
    add(kind);
    return true;
  }
  const char* skip_digits() {
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_;
  }
  bool number() {
    const char* const begin = at_;
    const bool is_negative = at_ != end_ && *at_ == '-';
    if (is_negative) ++at_;
    const char* const digits = at_;
    std::int64_t whole = 0;
    constexpr std::ptrdiff_t kMostDigits = 18;  // of any of which an int64 holds all numbers
    while (at_ != end_ && is_digit(*at_) && at_ - digits < kMostDigits) whole = 10 * whole + (*at_++ - '0');
    if (at_ == digits || (at_ - digits > 1 && *digits == '0')) return false;
    if (at_ == end_ || !(is_digit(*at_) || *at_ == '.' || *at_ == 'e' || *at_ == 'E')) {
      add(Kind::kNumber).number = static_cast<double>(is_negative ? -whole : whole);
      return true;
    }
    if (is_digit(*at_)) return false;
    if (*at_ == '.') {
      const char* const point = ++at_;
      if (skip_digits() == point) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      const char* const exponent = at_;
      if (skip_digits() == exponent) return false;
    }
    double value = 0;
    const auto [stop, error] = std::from_chars(begin, at_, value);
    if (error != std::errc{} || stop != at_) return false;
    add(Kind::kNumber).number = value;
    return true;
  }

  std::vector<JsonValues::Node>& nodes_;
  std::string& texts_;
  const char* at_;
  const char* end_;
  std::array<std::size_t, kMaxJsonDepth> open_;  // the nodes of the lists and objects that have begun
  std::size_t depth_ = 0;
};

JsonValues::JsonValues(std::string_view json, const std::string& what) {
  if (PlainJsonScanner(*this, json).scan()) return;
  nodes_.clear();
  texts_.clear();
  JsonValuesBuilder builder(*this, what);
  read_json(json, builder);
}

JsonValue JsonValues::root() const { return {this, 0}; }

std::string_view JsonValue::kind_name() const {
  if (!is_there()) return "nothing";
  constexpr std::string_view kNames[] = {"a number", "a text", "true", "false", "null", "a list", "an object"};
  return kNames[node().kind];
}

std::string_view JsonValue::text() const {
  if (!is_text()) return {};
  return std::string_view(values_->texts_).substr(node().begin, node().size);
}

JsonValue JsonValue::operator[](std::string_view name) const {
  JsonValue found;
  if (!is_object()) return found;
  for (auto member = begin(); member != end(); ++member)
    if (member.name() == name) found = *member;
  return found;
}

}  // namespace limn::sketch
