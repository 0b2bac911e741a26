// The commands of the command line and their options. A thin layer before CLI11, whose headers cost four seconds in
// each file that includes them. Handles: copy them freely; the CLI::App behind them must outlive the parse.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace limn::app {

// The variable that an option fills. A bool makes a flag, a vector an option that takes several values.
using OptionTarget = std::variant<bool*, int*, std::int64_t*, std::uint64_t*, float*, double*, std::string*,
                                  std::vector<double>*, std::vector<std::string>*>;

class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option required() const;
  Option shows_default() const;                  // in --help
  Option named(const std::string& value) const;  // the value, in --help: "PATH"
  Option excludes(const Option& other) const;
  Option takes(int count) const;                    // exactly so many values
  Option in_group(const std::string& title) const;  // of --help

  // The message of a value that is refused names the value and what is expected.
  Option whole_number(std::int64_t least, std::int64_t most) const;
  Option positive_number() const;
  Option non_negative_number() const;
  Option number(double least, double most) const;
  Option one_of(const std::vector<std::string>& choices) const;

 private:
  CLI::Option* option_;
};

class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}

  [[nodiscard]] Command add_command(const std::string& name, const std::string& help) const;
  // A command must follow on the command line.
  void requires_command() const;

  // `names` are "-o,--out", or "MODEL" for an argument without a name.
  // NOLINTNEXTLINE(modernize-use-nodiscard): most options need no more than this.
  Option add(const std::string& names, OptionTarget target, const std::string& help) const;
  // Calls `set` with the text of each value.
  Option add(const std::string& names, const std::function<void(const std::string&)>& set,
             const std::string& help) const;
  // Text below the options in --help, with examples.
  void set_footer(const std::string& text) const;
  // The work of the command, once the command line is read.
  void set_action(std::function<void()> action) const;

  // Whether the option was given. For use in the action.
  [[nodiscard]] bool has(const std::string& name) const;

 private:
  CLI::App* app_;
};

// Throws the command line's error that the two options exclude each other. For use in an action.
[[noreturn]] void refuse_both(const std::string& first, const std::string& second);

}  // namespace limn::app
