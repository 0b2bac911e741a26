#include "app/command_line.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

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

template <class Accepts>
CLI::Validator number(const std::string& shown, const std::string& expected, Accepts accepts) {
  return CLI::Validator(
      [expected, accepts](const std::string& text) {
        return accepts(number_in(text)) ? std::string() : fmt::format("{}: expected {}", printable(text), expected);
      },
      shown);
}

constexpr double kLargest = std::numeric_limits<double>::max();

// The command that was named last: `limn data convert` and not `limn`.
const CLI::App& innermost(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().back();
  return *command;
}

std::string full_name(const CLI::App& command) {
  const std::string name = command.get_name();
  return command.get_parent() == nullptr ? name : full_name(*command.get_parent()) + " " + name;
}

std::string suggestion(const std::string& nearest) { return nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest); }

std::string unknown_option(const CLI::App& command, const std::string& word) {
  std::vector<std::string> options;
  for (const CLI::Option* option : command.get_options())
    for (const auto& name : option->get_lnames()) options.push_back("--" + name);
  const std::string name = word.substr(0, word.find('='));
  return fmt::format("{}: {} has no such option{}", printable(name), full_name(command),
                     suggestion(nearest_name(name, options)));
}

std::string unknown_command(const CLI::App& command, const std::string& word) {
  std::vector<std::string> commands;
  for (const CLI::App* each : command.get_subcommands([](const CLI::App*) { return true; }))
    commands.push_back(each->get_name());
  return fmt::format("{}: {} has no such command{}", printable(word), full_name(command),
                     suggestion(nearest_name(word, commands)));
}

std::string what_is_wrong(const CLI::App& command, const CLI::ParseError& error) {
  const std::vector<std::string> left = command.remaining();
  const bool wants_command = !command.get_subcommands([](const CLI::App*) { return true; }).empty();
  if (wants_command && !left.empty() && !left.front().starts_with("-")) return unknown_command(command, left.front());
  for (const auto& word : left)
    if (word.starts_with("-") && word.size() > 1 && std::isnan(number_in(word))) return unknown_option(command, word);
  if (wants_command) return full_name(command) + ": a command is missing";
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !left.empty())
    return fmt::format("{}: {} expects nothing more", printable(left.front()), full_name(command));
  return error.what();
}

}  // namespace

CLI::Validator whole_number(std::int64_t least, std::int64_t most) {
  return number(fmt::format("{} to {}", least, most), fmt::format("a whole number from {} to {}", least, most),
                [=](double value) {
                  return value >= static_cast<double>(least) && value <= static_cast<double>(most) &&
                         value == std::floor(value);
                });
}

CLI::Validator positive_number() {
  return number("above 0", "a number above 0", [](double value) { return value > 0 && value <= kLargest; });
}

CLI::Validator non_negative_number() {
  return number("from 0", "a number from 0 on", [](double value) { return value >= 0 && value <= kLargest; });
}

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = innermost(app);
  return fmt::format("{}; see {} --help", what_is_wrong(command, error), full_name(command));
}

}  // namespace limn::app
