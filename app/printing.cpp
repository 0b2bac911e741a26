#include "app/printing.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <set>

namespace limn::app {
namespace {

constexpr std::int64_t kMostNotes = 20;

int output_error = 0;

void keep_first_error(bool is_written) {
  if (!is_written && output_error == 0) output_error = errno != 0 ? errno : EIO;
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if ((c >= 0 && c < ' ') || c == '\x7f') c = '?';
  return line;
}

void write_message(std::string_view text) {
  // stderr has no buffer of its own: one call to fwrite() is one line that no other process divides.
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

Notes::~Notes() {
  if (count_ > kMostNotes) app::say("limn: note: and {} more notes\n", count_ - kMostNotes);
}

void Notes::say(std::string_view text) {
  if (++count_ <= kMostNotes) app::say("limn: note: {}\n", one_line(text));
}

void say_notes(std::span<const std::string> notes) {
  Notes sayer;
  std::set<std::string_view> said;  // a file that is named twice has the same notes twice
  for (const std::string& note : notes)
    if (said.insert(note).second) sayer.say(note);
}

void write_output(std::string_view text) {
  errno = 0;
  keep_first_error(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void flush_output() {
  errno = 0;
  keep_first_error(std::fflush(stdout) == 0);
}

int printing_failure() {
  flush_output();
  return output_error;
}

void open_standard_files() {
  // A closed one stays one that cannot be used: reading from 0 and writing to 1 and 2 fail as they would have.
  constexpr int kUseless[] = {O_WRONLY, O_RDONLY, O_RDONLY};
  for (int descriptor = 0; descriptor < 3; ++descriptor)
    while (::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
      if (::open("/dev/null", kUseless[descriptor]) < 0) return;
}

}  // namespace limn::app
