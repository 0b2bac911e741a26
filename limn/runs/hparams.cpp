#include "limn/runs/hparams.hpp"

#include <string_view>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/json.hpp"

namespace limn::runs {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 20;
constexpr int kMaxDepth = 4;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  return begin == text.npos ? std::string_view() : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string_view unquoted(std::string_view text) {
  for (const char quote : {'"', '\''})
    if (text.size() >= 2 && text.front() == quote && text.back() == quote) return text.substr(1, text.size() - 2);
  return text;
}

std::string_view lower_truth(std::string_view value) {
  return value == "True" ? "true" : value == "False" ? "false" : value;
}

void add(Hparams& hparams, std::string_view name, std::string_view value) {
  if (name == "is_training") return;
  hparams.assignments.push_back(fmt::format("{}={}", name, lower_truth(unquoted(value))));
}

std::string json_value(const Json& value, const std::string& name, const std::string& origin) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    std::string list;
    for (const Json& item : value) {
      require(item.is_string() && name == "data_set", "{}: {} is a list; only data_set may be one, of texts", origin,
              printable(name));
      list += (list.empty() ? "" : ",") + item.get<std::string>();
    }
    return "[" + list + "]";
  }
  require(value.is_boolean() || value.is_number(), "{}: {} is neither a text, a number, true nor false", origin,
          printable(name));
  return json_text(value);
}

void read_object(Hparams& hparams, std::string_view text) {
  const Json object = parse_json(text, kMaxDepth);
  require(object.is_object(), "{}: begins with {{ and is not a JSON object; a number in JSON cannot be NaN",
          hparams.origin);
  for (const auto& [name, value] : object.items()) add(hparams, name, json_value(value, name, hparams.origin));
}

// Commas in brackets belong to a value.
void read_list(Hparams& hparams, std::string_view text) {
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t end = begin;
    int depth = 0;
    for (; end < text.size() && (depth > 0 || text[end] != ','); ++end)
      depth += text[end] == '[' ? 1 : text[end] == ']' ? -1 : 0;
    const std::string_view item = trimmed(text.substr(begin, end - begin));
    require(depth <= 0, "{}: '{}' has no ] at its end", hparams.origin, printable(item));
    begin = end + 1;
    if (item.empty()) continue;
    const std::size_t equals = item.find('=');
    // data_set=a.npz,b.npz, as --set takes it.
    if (equals == item.npos && !hparams.assignments.empty() && hparams.assignments.back().starts_with("data_set=") &&
        !hparams.assignments.back().ends_with(']')) {
      hparams.assignments.back() += fmt::format(",{}", unquoted(item));
      continue;
    }
    require(equals != item.npos && equals > 0,
            "{}: '{}' is not name=value; expected Magenta's \"name=value,name=value\", a JSON object, or the name of a "
            "file",
            hparams.origin, printable(item));
    add(hparams, trimmed(item.substr(0, equals)), trimmed(item.substr(equals + 1)));
  }
}

}  // namespace

Hparams read_hparams(const std::string& text) {
  std::error_code ignored;  // a long text is not the name of a file
  Hparams hparams{.assignments = {}, .origin = "--hparams", .is_file = std::filesystem::exists(text, ignored)};
  if (hparams.is_file) hparams.origin = text;
  const std::string content = hparams.is_file ? read_text_file(text, kMaxBytes) : text;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  const std::string_view inner =
      trimmed(std::string_view(content).substr(content.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0));
  require(!inner.empty(), "{}: is empty; give name=value, a JSON object, or a file of one", hparams.origin);
  require(hparams.is_file || inner.find('=') != inner.npos || !inner.ends_with(".json"),
          "--hparams {}: no such file; check the path", printable(text));
  if (inner.starts_with('{'))
    read_object(hparams, inner);
  else
    read_list(hparams, inner);
  return hparams;
}

}  // namespace limn::runs
