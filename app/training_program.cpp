// The commands that need LibTorch run in a program of their own, limn-train, because loading LibTorch takes longer than
// most of what limn does. Here they are names that replace this process by that one with the same arguments.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "app/commands.hpp"
#include "limn/core/error.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "limn-train";

// Beside limn, as in a build tree, or where `cmake --install` puts what people do not call by hand.
fs::path training_program() {
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  for (const fs::path& path : {folder / kProgram, folder / LIMN_LIBEXEC_FROM_BIN / kProgram})
    if (fs::exists(path)) return path;
  fail("{}: {} is not here; this limn was built without LibTorch, so it draws but cannot train", folder.string(),
       kProgram);
}

[[noreturn]] void run_training_program(const std::string& command, const std::vector<std::string>& arguments) {
  const fs::path program = training_program();
  std::vector<std::string> words{"limn", command};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  fail("{}: cannot run it: {}", program.string(), std::strerror(errno));
}

void add_by_program(CLI::App& app, const std::string& name, const std::string& help) {
  auto* command = app.add_subcommand(name, help);
  command->prefix_command();
  command->set_help_flag();  // the other program's help is the one to be shown
  command->callback([command, name] { run_training_program(name, command->remaining()); });
}

}  // namespace

void add_train(CLI::App& app) { add_by_program(app, "train", kTrainHelp); }
void add_bench(CLI::App& app) { add_by_program(app, "bench", kBenchHelp); }
void add_completion(CLI::App& app) { add_by_program(app, "completion", kCompletionHelp); }

}  // namespace limn::app
