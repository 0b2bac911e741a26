#include "app/command.hpp"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "limn/core/error.hpp"

namespace limn::app {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw CLI::ParseError(message, CLI::ExitCodes::ValidationError);
}

// `name` and `value` as in "--seed abc".
[[noreturn]] void refuse_value(const std::string& name, const std::string& value, const std::string& expected) {
  refuse(fmt::format("{} {}: expected {}", name, value.empty() ? "''" : printable(value), expected));
}

// Sets `out` if `text` is such a number from end to end: in decimal digits, within the range of the type, and finite.
template <class T>
bool read_number(std::string_view text, T& out) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  T value{};
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || stop != text.data() + text.size()) return false;
  if constexpr (std::is_floating_point_v<T>)
    if (!std::isfinite(value)) return false;
  out = value;
  return true;
}

template <class T>
std::string kind_of_number() {
  if constexpr (std::is_floating_point_v<T>)
    return "a number";
  else
    return fmt::format("a whole number from {} to {}", std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
}

// Refuses values for which `accepts` is false. `shown` stands behind the type in --help.
template <class T>
void check_number(CLI::Option& option, const std::string& shown, const std::string& expected,
                  const std::function<bool(T)>& accepts) {
  option.check(CLI::Validator(
      [&option, expected, accepts](const std::string& text) {
        T value{};
        if (!read_number(text, value) || !accepts(value)) refuse_value(option.get_name(), text, expected);
        return std::string();
      },
      shown));
}

// Refuses a text that is more likely a mistake: `--out= --quiet` and `--out --quiet` would write to a file of the name
// "--quiet", and `-o=x.svg` to one of the name "=x.svg".
void check_text(const CLI::App& app, const std::string& name, const std::string& text) {
  if (text.empty()) refuse_value(name, text, "a value that is not empty");
  const bool is_option = text.starts_with("--") || (text.starts_with('-') && app.get_option_no_throw(text) != nullptr);
  if (is_option && name.starts_with('-'))
    refuse_value(name, text, fmt::format("a value and not an option; a file of that name is ./{}", printable(text)));
  if (text.starts_with('=') && name.starts_with('-'))
    refuse_value(name, text, fmt::format("a value without the =, or {}{}", name, printable(text)));
}

template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::true_type {};

template <class T>
void read_value(const CLI::App& app, const std::string& name, const std::string& text, T& out) {
  if constexpr (std::is_same_v<T, std::string>) {
    check_text(app, name, text);
    out = text;
  } else if (!read_number(text, out)) {
    refuse_value(name, text, kind_of_number<T>());
  }
}

// The name that messages have: "--out" of "-o,--out".
std::string name_of(const std::string& names) { return names.substr(names.rfind(',') + 1); }

// CLI11's own conversions take 010 for eight, and make a large number of a negative one.
template <class T>
CLI::Option* add_value(CLI::App& app, const std::string& names, T& variable, const std::string& help) {
  const auto read = [&app, &variable, name = name_of(names)](const CLI::results_t& texts) {
    if constexpr (IsList<T>::value) {
      variable.resize(texts.size());
      for (std::size_t i = 0; i < texts.size(); ++i) read_value(app, name, texts[i], variable[i]);
    } else {
      read_value(app, name, texts.front(), variable);
    }
    return true;
  };
  const auto shown = [&variable] { return CLI::detail::checked_to_string<T, T>(variable); };
  CLI::Option* const option = app.add_option(names, read, help, false, shown);
  option->type_name(CLI::detail::type_name<T>());
  option->type_size(1);
  option->expected(CLI::detail::expected_count<T>::value);
  return option;
}

}  // namespace

Option Option::required() const {
  option_->required();
  return *this;
}

Option Option::shows_default() const {
  option_->capture_default_str();
  return *this;
}

Option Option::named(const std::string& value) const {
  option_->type_name(value);
  return *this;
}

Option Option::excludes(const Option& other) const {
  option_->excludes(other.option_);
  return *this;
}

Option Option::in_group(const std::string& title) const {
  option_->group(title);
  return *this;
}

Option Option::takes(int count) const {
  option_->expected(count);
  return *this;
}

Option Option::whole_number(std::int64_t least, std::int64_t most) const {
  check_number<std::int64_t>(*option_, fmt::format("{} to {}", least, most),
                             fmt::format("a whole number from {} to {}", least, most),
                             [=](std::int64_t value) { return value >= least && value <= most; });
  return *this;
}

Option Option::positive_number() const {
  check_number<double>(*option_, "above 0", "a number above 0", [](double value) { return value > 0; });
  return *this;
}

Option Option::non_negative_number() const {
  check_number<double>(*option_, "from 0", "a number from 0 on", [](double value) { return value >= 0; });
  return *this;
}

Option Option::number(double least, double most) const {
  check_number<double>(*option_, fmt::format("{} to {}", least, most),
                       fmt::format("a number from {} to {}", least, most),
                       [=](double value) { return value >= least && value <= most; });
  return *this;
}

Option Option::one_of(const std::vector<std::string>& choices) const {
  option_->check(CLI::Validator(
      [option = option_, choices](const std::string& text) {
        if (std::ranges::find(choices, text) == choices.end())
          refuse_value(option->get_name(), text, fmt::format("one of {}", fmt::join(choices, ", ")));
        return std::string();
      },
      fmt::format("{{{}}}", fmt::join(choices, ","))));
  return *this;
}

Command Command::add_command(const std::string& name, const std::string& help) const {
  return Command(*app_->add_subcommand(name, help));
}

void Command::requires_command() const { app_->require_subcommand(1); }

Option Command::add(const std::string& names, OptionTarget target, const std::string& help) const {
  return std::visit(
      [&](auto* variable) {
        using Value = std::remove_pointer_t<decltype(variable)>;
        if constexpr (std::is_same_v<Value, bool>)
          return Option(app_->add_flag(names, *variable, help)->disable_flag_override());
        else
          return Option(add_value(*app_, names, *variable, help));
      },
      target);
}

Option Command::add(const std::string& names, const std::function<void(const std::string&)>& set,
                    const std::string& help) const {
  const auto checked = [app = app_, name = name_of(names), set](const std::string& text) {
    check_text(*app, name, text);
    set(text);
  };
  return Option(app_->add_option_function<std::string>(names, checked, help));
}

void Command::set_footer(const std::string& text) const { app_->footer(text); }

void Command::set_action(std::function<void()> action) const { app_->callback(std::move(action)); }

bool Command::has(const std::string& name) const { return app_->count(name) > 0; }

void refuse_both(const std::string& first, const std::string& second) { throw CLI::ExcludesError(first, second); }

}  // namespace limn::app
