#include "limn/core/json.hpp"

#include "limn/core/json_stream.hpp"

namespace limn {
namespace {

constexpr auto kReplace = Json::error_handler_t::replace;

// The events of nlohmann/json's parser as those of a JsonEvents.
class EventAdapter final : public nlohmann::json_sax<Json> {
 public:
  explicit EventAdapter(JsonEvents& events) : events_(events) {}

  bool null() override { return events_.nothing(), true; }
  bool boolean(bool value) override { return events_.truth(value), true; }
  bool number_integer(std::int64_t value) override { return events_.number(static_cast<double>(value)), true; }
  bool number_unsigned(std::uint64_t value) override { return events_.number(static_cast<double>(value)), true; }
  bool number_float(double value, const std::string&) override { return events_.number(value), true; }
  bool string(std::string& value) override { return events_.text(value), true; }
  bool binary(Json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return events_.begin_object(), true; }
  bool key(std::string& value) override { return events_.name(value), true; }
  bool end_object() override { return events_.finish_object(), true; }
  bool start_array(std::size_t) override { return events_.begin_list(), true; }
  bool end_array() override { return events_.end_list(), true; }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    fail("{}: not valid JSON at byte {}; fix it or fetch it again", events_.what(), position);
  }

 private:
  JsonEvents& events_;
};

template <class Tree>
Tree parse(std::string_view text, int max_depth) {
  struct TooDeep {};
  const auto is_shallow = [=](int depth, typename Tree::parse_event_t, Tree&) {
    return depth <= max_depth ? true : throw TooDeep();
  };
  try {
    return Tree::parse(text, is_shallow, false);
  } catch (const TooDeep&) {
    return Tree::value_t::discarded;
  }
}

}  // namespace

Json parse_json(std::string_view text, int max_depth) { return parse<Json>(text, max_depth); }
OrderedJson parse_ordered_json(std::string_view text, int max_depth) { return parse<OrderedJson>(text, max_depth); }

std::string json_text(const Json& value, int indent) { return value.dump(indent, ' ', false, kReplace); }
std::string json_text(const OrderedJson& value, int indent) { return value.dump(indent, ' ', false, kReplace); }
std::string ascii_json_string(const std::string& text) { return Json(text).dump(-1, ' ', true, kReplace); }

void read_json(std::string_view json, JsonEvents& events) {
  EventAdapter adapter(events);
  nlohmann::json_sax<Json>* const sax = &adapter;
  Json::sax_parse(json.begin(), json.end(), sax);
}

}  // namespace limn
