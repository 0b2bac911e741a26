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

bool reads_as(const std::string& toml, std::string_view text) {
  try {
    return toml::parse("text = " + toml)["text"].value<std::string_view>() == text;
  } catch (const toml::parse_error&) {
    return false;
  } catch (const BrokenAssertion&) {
    return false;
  }
}

// TOML is UTF-8; toml++ writes other text as well, but not so that it can be read back.
std::string toml_string(std::string_view text) {
  std::ostringstream out;
  out << toml::toml_formatter{toml::value<std::string>{std::string(text)},
                              toml::toml_formatter::default_flags & ~toml::format_flags::allow_literal_strings};
  require(reads_as(out.str(), text), "{}: config.toml cannot hold a name that is not UTF-8; rename it",
          printable(text));
  return out.str();
}

std::string toml_value(const OptionField& field) {
  if (std::holds_alternative<std::string*>(field.target)) return toml_string(field.text());
  std::string text = field.text();
  const bool is_real = std::holds_alternative<double*>(field.target);
  if (is_real && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

constexpr std::uint64_t kMaxConfigBytes = 1 << 20;

// Finds characters beyond ASCII outside of strings and comments, where TOML has none: toml++ asks of each whether it is
// a space, and runs into __builtin_unreachable() for U+00A1 to U+0499 and others. So those are refused before. Only as
// much of TOML is known here as tells where strings and comments begin and end in a file that is whole so far. Behind a
// quote that no string can begin with, the file is not, and no such character may follow.
class ForeignCharacters {
 public:
  explicit ForeignCharacters(std::string_view text) : text_(text) { take("\xef\xbb\xbf"); }

  [[nodiscard]] bool found() {
    while (at_ < text_.size()) {
      if (is_foreign()) return true;
      const char c = text_[at_];
      const bool is_quote = c == '"' || c == '\'';
      if (is_quote && !may_begin_string_) return is_any_foreign_left();
      if (is_quote && skip_string(c)) return true;
      if (c == '#')
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (!is_quote)
        ++at_;
      constexpr std::string_view kBlanks = " \t", kBeforeStrings = "\r\n=[{,.";
      if (kBlanks.find(c) == std::string_view::npos)
        may_begin_string_ = kBeforeStrings.find(c) != std::string_view::npos;
    }
    return false;
  }

 private:
  [[nodiscard]] bool is_foreign() const { return at_ < text_.size() && static_cast<unsigned char>(text_[at_]) >= 0x80; }
  [[nodiscard]] bool is_any_foreign_left() {
    while (at_ < text_.size() && !is_foreign()) ++at_;
    return is_foreign();
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  // Whether there is such a character where it could be taken for a space: behind a backslash.
  bool skip_string(char quote) {
    const std::string one(1, quote), three(3, quote);
    const bool is_long = take(three);
    if (!is_long) ++at_;
    while (at_ < text_.size()) {
      if (take(is_long ? three : one)) {
        for (int more = 0; is_long && more < 2; ++more) take(one);  // two before the end are of the text
        return false;
      }
      const char c = text_[at_];
      if (!is_long && c == '\n') return false;
      ++at_;
      if (c == '\\' && quote == '"' && skip_escape()) return true;
    }
    return false;
  }
  bool skip_escape() {
    const std::size_t behind = at_;
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
    if (is_foreign()) return true;
    if (at_ == behind) at_ = std::min(at_ + 1, text_.size());
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool may_begin_string_ = true;
};

std::string value_text(const toml::node& node, const std::string& where) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  if (const auto* real = node.as_floating_point()) return fmt::format("{}", real->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  fail("{}: expected a string, a number, true or false", where);
}

std::vector<std::string> data_list(const toml::node& node, const std::string& where) {
  const auto path_in = [&](const toml::node& item) {
    require(item.is_string(), "{}: expected a string or a list of strings", where);
    require(!item.as_string()->get().empty(), "{}: holds an empty name; give the path of a data set", where);
    return item.as_string()->get();
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
  std::string text = fmt::format("# Everything needed to repeat this run: limn train {} --config THIS_FILE --out DIR\n",
                                 config.family);
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
  const std::string text = read_text_file(path, kMaxConfigBytes);
  require(!ForeignCharacters(text).found(), "{}: characters beyond ASCII outside of quotes; see the TOML format", path);
  try {
    table = toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    fail("{}:{}: {}; see the TOML format", path, error.source().begin.line, printable(error.description(), 200));
  } catch (const BrokenAssertion&) {
    fail("{}: not a TOML file; see the TOML format", path);
  }
  RunConfig config;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
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
      require(!path.empty(), "{}: holds an empty name; give the path of a data set", printable(assignment));
      paths.push_back(path);
    }
    require(!paths.empty(), "{}: names no data set", printable(assignment));
  }
  std::erase_if(assignments, [=](const std::string& assignment) { return assignment.starts_with(kName); });
  return paths;
}

}  // namespace limn::runs
