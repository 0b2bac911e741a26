// limn completion: what a shell needs to complete limn's command line, made from the command line's own
// description, so that it cannot go stale.
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/commands.hpp"
#include "app/printing.hpp"

namespace limn::app {
namespace {

struct OptionWords {
  std::vector<std::string> names = {};   // "-o", "--out"
  std::vector<std::string> values = {};  // what may follow, where that is a closed set
  std::string help = {};
  bool takes_value = false;
};

struct CommandWords {
  std::string path;                                                   // "limn data convert"
  std::vector<std::pair<std::string, std::string>> subcommands = {};  // name, help
  std::vector<std::string> positional_values = {};                    // where they are a closed set
  std::vector<OptionWords> options = {};
};

// The set of Option::one_of() stands in the option's type name: "TEXT:{sample,mean}".
std::vector<std::string> closed_set(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}');
  if (open == type.npos || close == type.npos || close < open) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

OptionWords words_of(const CLI::Option& option) {
  OptionWords words{.values = closed_set(option), .help = option.get_description()};
  for (const auto& name : option.get_snames()) words.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) words.names.push_back("--" + name);
  words.takes_value = option.get_items_expected_max() > 0;
  return words;
}

void collect(const CLI::App& app, const std::string& path, std::vector<CommandWords>& all) {
  CommandWords command{.path = path};
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    command.subcommands.emplace_back(sub->get_name(), sub->get_description());
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional())
      command.positional_values = closed_set(*option);
    else
      command.options.push_back(words_of(*option));
  }
  all.push_back(command);
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    collect(*sub, path + " " + sub->get_name(), all);
}

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

std::vector<std::string> option_names(const CommandWords& command) {
  std::vector<std::string> names;
  for (const auto& option : command.options) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

// Subcommands, or what else may stand where no option does.
std::vector<std::string> plain_words(const CommandWords& command) {
  std::vector<std::string> words = command.positional_values;
  for (const auto& [name, help] : command.subcommands) words.push_back(name);
  return words;
}

// Patterns for "command:word before the cursor", the same in bash and zsh.
std::string case_lines(const std::vector<CommandWords>& all) {
  std::string text;
  for (const CommandWords& command : all) {
    for (const OptionWords& option : command.options) {
      if (!option.takes_value) continue;
      for (const std::string& name : option.names)
        text += fmt::format("    '{}:{}') found='{}' only=1 ;;\n", command.path, name, joined(option.values));
    }
    text += fmt::format("    '{}:'*) plain='{}' options='{}' ;;\n", command.path, joined(plain_words(command)),
                        joined(option_names(command)));
  }
  return text;
}

// Patterns that take a word further down the tree of commands.
std::string path_pattern(const std::vector<CommandWords>& all) {
  std::vector<std::string> paths;
  for (const CommandWords& command : all) paths.push_back("'" + command.path + "'");
  return fmt::format("{}", fmt::join(paths, "|"));
}

// $1 is the word under the cursor, $2 the one before it, the rest all words before the cursor.
std::string finder(const std::vector<CommandWords>& all) {
  return fmt::format(
      "_limn_find() {{\n"
      "  local current=\"$1\" previous=\"$2\" path=limn word plain='' options='' only=''\n"
      "  found=''\n"
      "  shift 3\n"
      "  for word in \"$@\"; do\n"
      "    case \"$path $word\" in\n"
      "    {}) path=\"$path $word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$path:$previous\" in\n"
      "{}"
      "  esac\n"
      "  [ -n \"$only\" ] && return\n"
      "  case \"$current\" in\n"
      "    -*) found=\"$options\" ;;\n"
      "    *) found=\"$plain\" ;;\n"
      "  esac\n"
      "}}\n",
      path_pattern(all), case_lines(all));
}

std::string bash_script(const std::vector<CommandWords>& all) {
  return "# limn completion for bash:  source <(limn completion bash)\n" + finder(all) +
         "_limn() {\n"
         "  local found\n"
         "  _limn_find \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\" "
         "\"${COMP_WORDS[@]:0:COMP_CWORD}\"\n"
         "  if [ -n \"$found\" ]; then\n"
         "    COMPREPLY=($(compgen -W \"$found\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "  else\n"
         "    COMPREPLY=()\n"  // -o default then completes files
         "  fi\n"
         "}\n"
         "complete -o default -F _limn limn\n";
}

std::string zsh_script(const std::vector<CommandWords>& all) {
  return "#compdef limn\n# limn completion for zsh:  source <(limn completion zsh)\n" + finder(all) +
         "_limn() {\n"
         "  local found\n"
         "  _limn_find \"$words[CURRENT]\" \"$words[CURRENT-1]\" \"${(@)words[1,CURRENT-1]}\"\n"
         "  if [ -n \"$found\" ]; then\n"
         "    compadd -- ${=found}\n"
         "  else\n"
         "    _files\n"
         "  fi\n"
         "}\n"
         "compdef _limn limn\n";
}

std::string fish_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c == '\n' ? ' ' : c;
  }
  return quoted + "'";
}

// True in fish where the words of `path` after limn have been given and none of its subcommands has.
std::string fish_condition(const CommandWords& command) {
  std::vector<std::string> tests;
  for (const auto& word : CLI::detail::split(command.path, ' '))
    if (word != "limn") tests.push_back("__fish_seen_subcommand_from " + word);
  if (!command.subcommands.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, help] : command.subcommands) names.push_back(name);
    tests.push_back("not __fish_seen_subcommand_from " + joined(names));
  }
  return fish_quoted(fmt::format("{}", fmt::join(tests, "; and ")));
}

std::string fish_script(const std::vector<CommandWords>& all) {
  std::string text = "# limn completion for fish:  limn completion fish | source\n";
  for (const CommandWords& command : all) {
    const std::string begin = "complete -c limn -n " + fish_condition(command);
    for (const auto& [name, help] : command.subcommands)
      text += fmt::format("{} -f -a {} -d {}\n", begin, name, fish_quoted(help));
    if (!command.positional_values.empty())
      text += fmt::format("{} -f -a {}\n", begin, fish_quoted(joined(command.positional_values)));
    for (const OptionWords& option : command.options) {
      text += begin;
      for (const std::string& name : option.names)
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (option.takes_value) text += option.values.empty() ? " -r" : " -x -a " + fish_quoted(joined(option.values));
      text += fmt::format(" -d {}\n", fish_quoted(option.help));
    }
  }
  return text;
}

}  // namespace

void add_completion(CLI::App& app) {
  const Command command =
      Command(app).add_command("completion", "a script that lets your shell complete limn's commands and options");
  auto shell = std::make_shared<std::string>();
  command.add("SHELL", shell.get(), "which shell").required().one_of({"bash", "zsh", "fish"});
  command.set_footer(
      "\nExamples:\n  source <(limn completion bash)\n"
      "  limn completion bash > ~/.local/share/bash-completion/completions/limn\n"
      "  limn completion fish > ~/.config/fish/completions/limn.fish\n");
  command.set_action([&app, shell] {
    std::vector<CommandWords> all;
    collect(app, "limn", all);
    print("{}", *shell == "bash" ? bash_script(all) : *shell == "zsh" ? zsh_script(all) : fish_script(all));
  });
}

}  // namespace limn::app
