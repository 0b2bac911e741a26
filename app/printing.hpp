// Printing for people. What cannot be printed never ends the work: a terminal may go away, a disk may be full.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace limn::app {

// Control characters, as names of files may have, become '?': a message is one line.
[[nodiscard]] std::string one_line(std::string_view text);

// To stderr; passes over what cannot be written.
void write_message(std::string_view text);
// To stdout; printing_failure() tells at the end what could not be written.
void write_output(std::string_view text);

// What was written to stdout reaches whoever reads it.
void flush_output();

// The same with fmt's arguments.
template <class... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  write_message(fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void print(fmt::format_string<Args...> format, Args&&... args) {
  write_output(fmt::format(format, std::forward<Args>(args)...));
}

// Says notes, `limn: note: TEXT`: the first ones, and at its end how many more there were.
class Notes {
 public:
  Notes() = default;
  ~Notes();
  Notes(const Notes&) = delete;
  Notes& operator=(const Notes&) = delete;
  void say(std::string_view text);

 private:
  std::int64_t count_ = 0;
};
void say_notes(std::span<const std::string> notes);

// Flushes stdout; the errno of the first write to it that failed, or 0.
[[nodiscard]] int printing_failure();

// Gives 0, 1 and 2 a file where the caller closed them: else the next file that is opened, such as a checkpoint, gets
// that number and what is printed goes into it. Call first of all.
void open_standard_files();

}  // namespace limn::app
