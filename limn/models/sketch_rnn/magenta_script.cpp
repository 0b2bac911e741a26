#include "limn/models/sketch_rnn/magenta_script.hpp"

#include <algorithm>

#include "limn/core/error.hpp"

namespace limn::models {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kQuotes = "'\"`";

std::size_t skip_space(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kSpace, at), text.size());
}

// Whether an array of which the first element is an object begins here, as models do.
bool begins_model(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '[') return false;
  const std::size_t next = skip_space(text, at + 1);
  return next < text.size() && text[next] == '{';
}

// The place behind a string that begins with its quote at `at`, or npos if it has no end.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == quote)
      return i + 1;
  }
  return std::string_view::npos;
}

// The place behind the array that begins at `at`, or npos if it has no end.
std::size_t end_of_array(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  for (std::size_t i = at; i < text.size();) {
    if (text[i] == '"') {
      i = end_of_string(text, i);
      if (i == std::string_view::npos) return i;
      continue;
    }
    if (text[i] == '[') ++depth;
    if (text[i] == ']' && --depth == 0) return i + 1;
    ++i;
  }
  return std::string_view::npos;
}

// The place behind a comment that begins at `at`, or `at`.
std::size_t skip_comment(std::string_view text, std::size_t at) {
  if (text.substr(at).starts_with("//")) return std::min(text.find('\n', at), text.size());
  if (!text.substr(at).starts_with("/*")) return at;
  const std::size_t end = text.find("*/", at + 2);
  return end == std::string_view::npos ? text.size() : end + 2;
}

// A JavaScript string's characters. \x and \u stay: JSON has the latter, and no model the former.
std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    switch (const char next = text[++i]) {
      case 'n':
      case 'r':
      case 't':
        result += ' ';  // between the parts of the array
        break;
      case '\n':
        break;  // the line continues
      case 'x':
      case 'u':
        result += '\\';
        [[fallthrough]];
      default:
        result += next;
    }
  }
  return result;
}

struct Found {
  std::string json;
  std::size_t end = std::string_view::npos;  // behind it; npos: there is none
};

// The first model from `at` on.
Found find_model(std::string_view text, std::size_t at, const std::string& origin) {
  while (at < text.size()) {
    if (const std::size_t behind = skip_comment(text, at); behind != at) {
      at = behind;
    } else if (begins_model(text, at)) {
      const std::size_t end = end_of_array(text, at);
      require(end != std::string_view::npos, "{}: its array of a model has no end; the file is cut short", origin);
      return {.json = std::string(text.substr(at, end - at)), .end = end};
    } else if (kQuotes.find(text[at]) != std::string_view::npos) {
      const std::size_t end = end_of_string(text, at);
      require(end != std::string_view::npos, "{}: a text in it has no end; the file is cut short", origin);
      std::string inner = unescaped(text.substr(at + 1, end - at - 2));
      if (begins_model(inner, skip_space(inner, 0))) return {.json = std::move(inner), .end = end};
      at = end;
    } else {
      ++at;
    }
  }
  return {};
}

}  // namespace

std::string magenta_json_of(std::string_view text, const std::string& origin) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::size_t first = skip_space(text, 0);
  if (first == text.size() || text[first] == '[' || text[first] == '{') {
    const std::size_t last = text.find_last_not_of(" \t\r\n;");
    return std::string(text.substr(0, last + 1));  // npos + 1 is 0
  }
  Found model = find_model(text, first, origin);
  require(model.end != std::string_view::npos, "{}: neither JSON nor a script with the JSON array of a Magenta model",
          origin);
  require(find_model(text, model.end, origin).end == std::string_view::npos,
          "{}: holds several models; keep one array in the file", origin);
  return std::move(model.json);
}

}  // namespace limn::models
