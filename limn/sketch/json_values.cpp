#include "limn/sketch/json_values.hpp"

#include <vector>

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

JsonValues::JsonValues(std::string_view json, const std::string& what) {
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

std::size_t JsonValue::size() const { return is_list() || is_object() ? node().size : 0; }

JsonValue JsonValue::operator[](std::string_view name) const {
  JsonValue found;
  if (!is_object()) return found;
  for (auto member = begin(); member != end(); ++member)
    if (member.name() == name) found = *member;
  return found;
}

JsonValue::Iterator JsonValue::begin() const {
  return is_list() || is_object() ? Iterator(values_, at_ + 1, is_object()) : end();
}

JsonValue::Iterator JsonValue::end() const { return {values_, is_there() ? after() : 0, is_object()}; }

JsonValue::Iterator& JsonValue::Iterator::operator++() {
  at_ = (**this).after();
  return *this;
}

JsonValue::Iterator JsonValue::Iterator::operator++(int) {
  Iterator before = *this;
  ++*this;
  return before;
}

}  // namespace limn::sketch
