// JSON read event by event, so that no tree is built and nesting costs nothing: what a reader of sketches
// derives from. Every event that it does not override is refused. Errors are thrown out of parse_json.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "limn/core/error.hpp"

namespace limn {

class JsonEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  // `what` says where in the file, and begins the error messages.
  explicit JsonEvents(std::string what) : what_(std::move(what)) {}

  virtual void number(double) { refuse("a number"); }
  virtual void text(const std::string&) { refuse("a text"); }
  virtual void truth(bool) { refuse("true or false"); }
  virtual void nothing() { refuse("null"); }
  virtual void begin_list() { refuse("a list"); }
  virtual void end_list() {}
  virtual void begin_object() { refuse("an object"); }
  virtual void name(const std::string&) {}
  virtual void finish_object() {}

  [[noreturn]] void refuse(std::string_view found) const {
    fail("{}: {} where the format has none; is it a model, or a file of another format?", what_, found);
  }
  [[nodiscard]] const std::string& what() const { return what_; }

 private:
  bool null() final { return nothing(), true; }
  bool boolean(bool value) final { return truth(value), true; }
  bool number_integer(std::int64_t value) final { return number(static_cast<double>(value)), true; }
  bool number_unsigned(std::uint64_t value) final { return number(static_cast<double>(value)), true; }
  bool number_float(double value, const std::string&) final { return number(value), true; }
  bool string(std::string& value) final { return text(value), true; }
  bool binary(nlohmann::json::binary_t&) final { return false; }
  bool start_object(std::size_t) final { return begin_object(), true; }
  bool key(std::string& value) final { return name(value), true; }
  bool end_object() final { return finish_object(), true; }
  bool start_array(std::size_t) final { return begin_list(), true; }
  bool end_array() final { return end_list(), true; }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) final {
    fail("{}: not valid JSON at byte {}; mend it or fetch it again", what_, position);
  }

  std::string what_;
};

inline void parse_json(std::string_view json, JsonEvents& events) {
  nlohmann::json_sax<nlohmann::json>* const sax = &events;
  nlohmann::json::sax_parse(json.begin(), json.end(), sax);
}

}  // namespace limn
