// JSON without trees. Reading goes event by event, so that nesting costs no memory: a reader derives from JsonEvents,
// and every event that it does not override is refused.
#pragma once

#include <string>
#include <string_view>

#include "limn/core/error.hpp"

namespace limn {

class JsonEvents {
 public:
  // `what` says where in the file, and begins the error messages.
  explicit JsonEvents(std::string what) : what_(std::move(what)) {}
  virtual ~JsonEvents() = default;

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
  std::string what_;
};

// Calls `events` in the order of the text. Throws what they throw, and Error for a text that is not JSON.
void read_json(std::string_view json, JsonEvents& events);

// `text` in quotes, with escapes for all that is not printable ASCII.
[[nodiscard]] std::string ascii_json_string(const std::string& text);

}  // namespace limn
