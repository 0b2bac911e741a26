#include "app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <new>

#include "app/commands.hpp"
#include "app/interrupts.hpp"
#include "app/printing.hpp"
#include "app/processes.hpp"
#include "limn/core/error.hpp"
#include "limn/core/version.hpp"
#include "limn/kernels/cpu_settings.hpp"

namespace limn::app {
namespace {

constexpr const char* kDescription =
    "limn: neural networks that draw - Sketch-RNN, DRAW and VAEs\n\n"
    "Examples:\n"
    "  limn train sketch-rnn --out runs/doodles --steps 1500      train on the built-in doodles\n"
    "  limn sample runs/doodles -n 16 -o sheet.png                new drawings\n"
    "  limn data info cat.npz                                     what a data set holds";

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

std::string suggestion(const std::string& nearest) {
  return nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest);
}

bool is_empty_list(const std::string& text) {
  return text.starts_with('[') && text.ends_with(']') && text.find_first_not_of("[,] ") == text.npos;
}

bool is_number(const std::string& text) {
  double value = 0;
  return std::from_chars(text.data(), text.data() + text.size(), value).ptr == text.data() + text.size();
}

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

// The option that CLI11's text begins with: "--out: 1 required TEXT missing", "quiet was given a …".
const CLI::Option* option_of(const CLI::App& command, std::string_view text) {
  const std::string_view name = text.substr(0, text.find_first_of(": "));
  for (const CLI::Option* option : command.get_options())
    if (option->get_name() == name || option->check_lname(std::string(name))) return option;
  return nullptr;
}

std::string values_text(int count) { return count == 1 ? "1 value" : fmt::format("{} values", count); }

// What CLI11 says of an option that is missing or has too few or too many values, in the words of our messages: the
// name, what came and what is expected. The texts of command.cpp are in these words already.
std::string in_our_words(const CLI::App& command, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr)
    return std::string(error.what()) + "; leave one of the two out";
  const CLI::Option* option = option_of(command, error.what());
  if (option == nullptr) return error.what();
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
    return fmt::format("{}: is missing; expected: {}", option->get_name(), option->get_description());
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr) return error.what();
  if (option->get_items_expected_max() == 0) return fmt::format("{}: takes no value", option->get_name());
  const int least = option->get_items_expected_min(), most = option->get_items_expected_max();
  return fmt::format("{}: expected {}{}, and {} came", option->get_name(), least < most ? "at least " : "",
                     values_text(least), option->count() == 0 ? "none" : std::to_string(option->count()));
}

// The word that is wrong and the nearest that is right.
std::string complaint(const CLI::App& command, const CLI::ParseError& error) {
  const std::vector<std::string> left = command.remaining();
  const bool wants_command = !command.get_subcommands([](const CLI::App*) { return true; }).empty();
  if (wants_command && !left.empty() && !left.front().starts_with("-")) return unknown_command(command, left.front());
  for (const auto& word : left) {
    if (word == "--") break;  // no options stand behind it
    if (word.starts_with("-") && word.size() > 1 && !is_number(word)) return unknown_option(command, word);
  }
  if (wants_command) return full_name(command) + ": a command is missing";
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !left.empty())
    return fmt::format("{}: {} expects nothing more", left.front().empty() ? "''" : printable(left.front()),
                       full_name(command));
  return in_our_words(command, error);
}

// The words of the command line, last first, as CLI11 takes them. CLI11 loses a value that is empty or an empty list
// and takes the next word in its place: `--out= --quiet` would write to "--quiet". So each becomes a word of its own.
std::vector<std::string> words_of(int argc, const char* const* argv) {
  std::vector<std::string> words;
  bool is_past_options = false;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    is_past_options = is_past_options || word == "--";
    const std::size_t equals = word.find('=');
    const bool has_value = word.starts_with("--") && equals != word.npos && !is_past_options;
    const std::string value = has_value ? word.substr(equals + 1) : word;
    const bool is_empty = value.empty() || is_empty_list(value);
    if (has_value && is_empty) words.push_back(word.substr(0, equals));
    words.push_back(is_empty ? "" : word);
  }
  std::ranges::reverse(words);
  return words;
}

// The exit status.
int report(std::string_view text) {
  const std::string message = one_line(text);
  if (!tell_parent(message)) say("limn: error: {}\n", message);
  return is_interrupted() ? 128 + interrupt_signal() : 1;
}

int parse_and_run(int argc, const char* const* argv, const models::Registry& registry) {
  CLI::App app(kDescription, "limn");
  app.set_version_flag("--version", std::string("limn ") + kVersion);
  app.require_subcommand(1);
  const Command root(app);
  add_train(root, registry);
  add_eval(root, registry);
  add_sample(root, registry);
  add_reconstruct(root, registry);
  add_complete(root, registry);
  add_interpolate(root, registry);
  add_encode(root, registry);
  add_decode(root, registry);
  add_manifold(root, registry);
  add_traverse(root, registry);
  add_plot(root);
  add_watch(root);
  add_serve(root, registry);
  add_import(root, registry);
  add_export(root, registry);
  add_fit_prior(root, registry);
  add_info(root, registry);
  add_data(root);
  add_bench(root);
  add_doctor(root, registry);
  add_completion(app);
  try {
    app.parse(words_of(argc, argv));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const CLI::App& command = innermost(app);
    return report(fmt::format("{}; see {} --help", complaint(command, error), full_name(command)));
  }
  return 0;
}

}  // namespace

int run_command_line(int argc, const char* const* argv, const models::Registry& registry) {
  open_standard_files();
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is then an error of write(), which says what to do
  try {
    kernels::heed_cpu_settings();
    int status = 0;
    try {
      status = parse_and_run(argc, argv, registry);
    } catch (const Interrupted& interrupted) {
      status = 128 + interrupted.signal;
    }
    if (const int error = printing_failure(); error != 0)
      return report(std::string("standard output: cannot write: ") + std::strerror(error));
    return status;
  } catch (const Error& error) {
    return report(error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    return report(fmt::format("{}: cannot look at it: {}; check its permissions", error.path1().string(),
                              error.code().message()));
  } catch (const std::bad_alloc&) {
    return report("out of memory; try a smaller --batch-size or model");
  } catch (const std::exception& error) {
    return report(std::string("internal: ") + error.what());
  }
}

}  // namespace limn::app
