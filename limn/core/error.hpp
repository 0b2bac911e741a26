// The one exception type of the library: its text is what the user reads, so it says what was wanted,
// what was found and what to try. Nothing below app/ prints or exits.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace limn {

// A user's mistake, a bad file or a failing machine. what() is one line without a trailing newline.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
};

// Of fail() and require(): one copy instead of one in each place that may throw.
[[noreturn]] void fail_formatted(fmt::string_view format, fmt::format_args args);

// Throws Error with the formatted message. `fail("{}: truncated, {} bytes missing", path, n)`.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  fail_formatted(format, fmt::make_format_args(args...));
}

// Throws Error with the formatted message unless `condition` holds.
template <class... Args>
void require(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) fail_formatted(format, fmt::make_format_args(args...));
}

// What `work` gives. An Error that it throws gets `subject` in front: the file, the model or the option that it is
// about.
template <class Work>
decltype(auto) naming(std::string_view subject, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error& error) {
    fail("{}: {}", subject, error.what());
  }
}

// `text` on one line and printable: control characters and bytes that are not ASCII become '?', and what is
// longer than `max_length` is cut. For names that come from a file and go into an error message.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_length = 80);

// The candidate nearest to `word` by edit distance, or "" if none is near enough to suggest.
template <class Range>
[[nodiscard]] std::string nearest_name(std::string_view word, const Range& candidates);

[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

template <class Range>
std::string nearest_name(std::string_view word, const Range& candidates) {
  std::string best;
  std::size_t best_distance = word.size() / 3 + 2;
  for (const auto& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = std::string(candidate);
    }
  }
  return best;
}

}  // namespace limn
