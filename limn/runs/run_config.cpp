#include "limn/runs/run_config.hpp"

#include <algorithm>
#include <sstream>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"

// toml++ lets files break what it asserts, such as "[[[", and without assertions relies on it all the same. So its
// assertions always hold here, and throw.
namespace {
struct BrokenAssertion {};
[[noreturn]] void break_off() { throw BrokenAssertion(); }
}  // namespace
#undef NDEBUG
#define TOML_ASSERT(condition) ((condition) ? static_cast<void>(0) : ::break_off())
#include <toml++/toml.h>

namespace limn::runs {
namespace {

// toml++ asks of characters beyond ASCII whether they are spaces, and runs into __builtin_unreachable() for many of
// them; text that is not UTF-8 it takes for Latin-1. So it sees no such bytes: each becomes a character of its own,
// U+F0080 to U+F00FF, of which it has nothing to say. Names of files, which are bytes, come through as they are.
std::string veiled(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80)
      result += c;
    else
      result += {'\xf3', '\xb0', static_cast<char>(0x80 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3f))};
  }
  return result;
}

std::string unveiled(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto at = [&](std::size_t n) { return static_cast<unsigned char>(text[i + n]); };
    const bool is_byte = i + 3 < text.size() && at(0) == 0xf3 && at(1) == 0xb0 && (at(2) == 0x82 || at(2) == 0x83);
    result += is_byte ? static_cast<char>((at(2) & 0x03) << 6 | (at(3) & 0x3f)) : text[i];
    if (is_byte) i += 3;
  }
  return result;
}

std::string toml_string(std::string_view text) {
  std::ostringstream out;
  out << toml::toml_formatter{toml::value<std::string>{veiled(text)},
                              toml::toml_formatter::default_flags & ~toml::format_flags::allow_literal_strings};
  return unveiled(out.str());
}

std::string toml_value(const OptionField& field) {
  if (std::holds_alternative<std::string*>(field.target)) return toml_string(field.text());
  std::string text = field.text();
  const bool is_real = std::holds_alternative<double*>(field.target);
  if (is_real && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

constexpr std::uint64_t kMaxConfigBytes = 1 << 20;
constexpr std::string_view kFirstWords = "# Everything needed to repeat this run: limn train";

std::string value_text(const toml::node& node, const std::string& where) {
  if (const auto* text = node.as_string()) return unveiled(text->get());
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  if (const auto* real = node.as_floating_point()) return fmt::format("{}", real->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  fail("{}: expected a string, a number, true or false", where);
}

std::vector<std::string> data_list(const toml::node& node, const std::string& where) {
  const auto path_in = [&](const toml::node& item) {
    require(item.is_string(), "{}: expected a string or a list of strings", where);
    require(!item.as_string()->get().empty(), "{}: holds an empty name; give the path of a data set", where);
    return unveiled(item.as_string()->get());
  };
  const auto* many = node.as_array();
  if (many == nullptr) return {path_in(node)};
  require(!many->empty(), "{}: the list is empty; name a data set, or leave the line out", where);
  std::vector<std::string> all;
  for (const auto& item : *many) all.push_back(path_in(item));
  return all;
}

}  // namespace

std::string config_to_toml(const RunConfig& config, std::span<const OptionField> options) {
  std::string text = fmt::format("{} {} --config THIS_FILE --out DIR\n", kFirstWords, config.family);
  text += fmt::format("family = {}\n", toml_string(config.family));
  for (std::size_t i = 0; i < config.data.size(); ++i) text += (i ? ", " : "data = [") + toml_string(config.data[i]);
  if (!config.data.empty()) text += "]\n";
  if (!config.init_from.empty()) text += fmt::format("init_from = {}\n", toml_string(config.init_from));
  text += "\n";
  for (const auto& field : options) text += fmt::format("{} = {}  # {}\n", field.name, toml_value(field), field.help);
  return text;
}

RunConfig read_config(const std::string& path) {
  toml::table table;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  const std::string file = read_text_file(path, kMaxConfigBytes);
  const std::string_view text = std::string_view(file).substr(file.starts_with(kByteOrderMark) ? 3 : 0);
  try {
    table = toml::parse(veiled(text), path);
  } catch (const toml::parse_error& error) {
    fail("{}:{}: {}; see the TOML format", path, error.source().begin.line,
         printable(unveiled(error.description()), 200));
  } catch (const BrokenAssertion&) {
    fail("{}: not a TOML file; see the TOML format", path);
  }
  RunConfig config;
  config.is_record = text.starts_with(kFirstWords);
  for (const auto& [key, node] : table) {
    const std::string name = unveiled(key.str());
    const std::string where = fmt::format("{}:{}: {}", path, node.source().begin.line, printable(name));
    if (name == "family")
      config.family = value_text(node, where);
    else if (name == "init_from")
      config.init_from = value_text(node, where);
    else if (name == "data" || name == "data_set")
      config.data = data_list(node, where);
    else
      config.assignments.push_back(name + "=" + value_text(node, where));
  }
  return config;
}

std::vector<std::string> take_data_set(std::vector<std::string>& assignments) {
  constexpr std::string_view kName = "data_set=";
  std::vector<std::string> paths;
  for (const std::string& assignment : assignments) {
    if (!assignment.starts_with(kName)) continue;
    std::string_view list = std::string_view(assignment).substr(kName.size());
    if (list.starts_with('[') && list.ends_with(']')) list = list.substr(1, list.size() - 2);
    paths.clear();
    std::istringstream names{std::string(list)};
    for (std::string path; std::getline(names >> std::ws, path, ',');) {
      path.resize(path.find_last_not_of(" \t") + 1);
      for (const char quote : {'"', '\''})
        if (path.size() >= 2 && path.front() == quote && path.back() == quote) path = path.substr(1, path.size() - 2);
      require(!path.empty(), "{}: holds an empty name; give the path of a data set", printable(assignment));
      paths.push_back(path);
    }
    require(!paths.empty(), "{}: names no data set", printable(assignment));
  }
  std::erase_if(assignments, [=](const std::string& assignment) { return assignment.starts_with(kName); });
  return paths;
}

}  // namespace limn::runs
