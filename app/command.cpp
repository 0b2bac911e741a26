#include "app/command.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "limn/core/error.hpp"

namespace limn::app {
namespace {

// The number that `text` is from end to end, or NaN.
double number_in(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data() + (text.starts_with('+') ? 1 : 0), end, value);
  return code == std::errc() && stop == end ? value : std::nan("");
}

void check_number(CLI::Option& option, const std::string& shown, const std::string& expected,
                  const std::function<bool(double)>& accepts) {
  option.check(CLI::Validator(
      [expected, accepts](const std::string& text) {
        return accepts(number_in(text)) ? std::string() : fmt::format("{}: expected {}", printable(text), expected);
      },
      shown));
}

constexpr double kLargest = std::numeric_limits<double>::max();

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

Option Option::takes(int count) const {
  option_->expected(count);
  return *this;
}

Option Option::whole_number(std::int64_t least, std::int64_t most) const {
  check_number(*option_, fmt::format("{} to {}", least, most), fmt::format("a whole number from {} to {}", least, most),
               [=](double value) {
                 return value >= static_cast<double>(least) && value <= static_cast<double>(most) &&
                        value == std::floor(value);
               });
  return *this;
}

Option Option::positive_number() const {
  check_number(*option_, "above 0", "a number above 0", [](double value) { return value > 0 && value <= kLargest; });
  return *this;
}

Option Option::non_negative_number() const {
  check_number(*option_, "from 0", "a number from 0 on", [](double value) { return value >= 0 && value <= kLargest; });
  return *this;
}

Option Option::number(double least, double most) const {
  check_number(*option_, fmt::format("{} to {}", least, most), fmt::format("a number from {} to {}", least, most),
               [=](double value) { return value >= least && value <= most; });
  return *this;
}

Option Option::one_of(const std::vector<std::string>& choices) const {
  option_->check(CLI::IsMember(choices));
  return *this;
}

Command Command::add_command(const std::string& name, const std::string& help) const {
  return Command(*app_->add_subcommand(name, help));
}

void Command::requires_command() const { app_->require_subcommand(1); }

Option Command::add(const std::string& names, OptionTarget target, const std::string& help) const {
  return std::visit(
      [&](auto* variable) {
        if constexpr (std::is_same_v<decltype(variable), bool*>) {
          return Option(app_->add_flag(names, *variable, help));
        } else {
          const auto option = app_->add_option(names, *variable, help);
          // CLI11 makes a large number of a negative one.
          if constexpr (std::is_same_v<decltype(variable), std::uint64_t*>)
            check_number(*option, "from 0", "a whole number from 0 to 18446744073709551615",
                         [](double value) { return value >= 0 && value < 0x1p64 && value == std::floor(value); });
          return Option(option);
        }
      },
      target);
}

Option Command::add(const std::string& names, const std::function<void(const std::string&)>& set,
                    const std::string& help) const {
  return Option(app_->add_option_function<std::string>(names, set, help));
}

void Command::set_footer(const std::string& text) const { app_->footer(text); }

void Command::set_action(std::function<void()> action) const { app_->callback(std::move(action)); }

bool Command::has(const std::string& name) const { return app_->count(name) > 0; }

void refuse_both(const std::string& first, const std::string& second) { throw CLI::ExcludesError(first, second); }

}  // namespace limn::app
