// limn serve: the studio, a web page to draw with models and to watch them train, or a folder of files with that page.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>
#include <thread>

#include "app/commands.hpp"
#include "app/common_options.hpp"
#include "app/printing.hpp"
#include "app/serve_addresses.hpp"
#include "app/shell_word.hpp"
#include "limn/core/error.hpp"
#include "limn/core/thread.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/run_checkpoints.hpp"
#include "limn/serve/access.hpp"
#include "limn/serve/static_studio.hpp"
#include "limn/serve/studio.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTokenVariable = "LIMN_SERVE_TOKEN";

struct ServeArguments {
  std::vector<std::string> models;
  std::string runs;
  std::string host = "127.0.0.1";
  int port = 8080;
  std::vector<std::string> names;
  bool wants_token = false;
  std::string export_folder;
  std::string wasm;
};

// Beyond this machine only with a token. From the environment rather than the command line, which others may
// read.
std::string token_for(const ServeArguments& a) {
  const char* set = std::getenv(kTokenVariable);
  if (set != nullptr && *set != '\0') {
    constexpr std::size_t kShortest = 16;
    const std::string token = set;
    require(token.size() >= kShortest, "{}: has {} characters; take {} or more that cannot be guessed", kTokenVariable,
            token.size(), kShortest);
    return token;
  }
  return a.wants_token || !serve::is_loopback(a.host) ? serve::make_token() : "";
}

// Those that were named, then those of the program that were not: no tab is without a model that the program has.
std::vector<std::string> models_of(const ServeArguments& a, const models::Registry& registry) {
  std::vector<std::string> models = a.models;
  for (const models::BuiltinModel& model : registry.builtin_models())
    if (!model.bytes.empty() && std::ranges::find(models, model.name) == models.end()) models.push_back(model.name);
  require(!models.empty() || !a.runs.empty(),
          "limn serve: there is nothing to serve; give a model, or --runs and a folder");
  return models;
}

// --wasm, or beside this program, or where an installed one has it.
fs::path wasm_module(const ServeArguments& a) {
  if (!a.wasm.empty()) return a.wasm;
  constexpr const char* kName = "limn-studio.wasm";
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  const fs::path installed = (folder / "../share/limn" / kName).lexically_normal();
  for (const fs::path& path : {folder / kName, installed})
    if (fs::exists(path, error)) return path;
  fail(
      "limn serve --export: {} is neither in {} nor in {}; build it with scripts/build-wasm.sh, and name it with "
      "--wasm build/wasm/{}",
      kName, folder.string(), installed.parent_path().string(), kName);
}

void export_studio(const ServeArguments& a, const models::Registry& registry) {
  require(a.runs.empty(), "--runs: only a studio that runs can watch trainings; leave it out with --export");
  std::vector<std::string> models = a.models;
  if (models.empty()) models = models_of(a, registry);
  const serve::StaticStudioSize size = serve::write_static_studio(
      registry, {.models = {models.begin(), models.end()}, .module = wasm_module(a)}, a.export_folder);
  print("{}\n", a.export_folder);
  constexpr double kMegabyte = 1e6;
  say("limn: {:.2f} MB, of which the first drawing takes {:.2f} MB; any web host serves it, and "
      "python3 -m http.server -d {}\n",
      static_cast<double>(size.all) / kMegabyte, static_cast<double>(size.first_drawing) / kMegabyte,
      shell_word(a.export_folder));
}

void serve_studio(const ServeArguments& a, const models::Registry& registry) {
  const std::vector<std::string> models = models_of(a, registry);
  // Only the thread that waits for them below gets these.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // who reads what is printed here may go away

  const std::string token = token_for(a);
  serve::StudioOptions options;
  options.models.assign(models.begin(), models.end());
  if (!a.runs.empty()) options.runs = a.runs;
  options.token = token;
  options.names = a.names;
  const serve::Studio studio(registry, options);
  serve::HttpServer server(studio.handlers(), studio.limits());
  const int port = server.bind(a.host, a.port);
  require_threads("serve", 2);  // one that accepts connections and one that answers
  std::thread serving = start_thread("serve", [&] { server.run(); });
  std::jthread warming;
  try {
    warming = std::jthread([&] { studio.warm_up(); });
  } catch (const std::system_error&) {
    // The system allows no more threads: the first drawing of each model takes a little longer.
  }
  const std::vector<std::string> addresses = studio_addresses(a.host, port, token);
  for (const std::string& address : addresses) print("{}\n", address);
  flush_output();
  // For a camera: of no use to a file, or where only this machine can open it.
  if (!serve::is_loopback(a.host) && isatty(STDERR_FILENO) == 1) say("\n{}\n", qr_code(addresses.front()));
  say("limn: serving {} model{}; Ctrl-C stops\n", models.size(), models.size() == 1 ? "" : "s");
  int signal = 0;
  sigwait(&signals, &signal);
  server.stop();
  serving.join();
  say("limn: stopped\n");
}

}  // namespace

void add_serve(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("serve", "the studio: draw with models in a web page, watch runs");
  auto a = std::make_shared<ServeArguments>();
  command.add("MODEL", &a->models,
              "run directories, .safetensors files or Magenta .json models, beside the built-in ones");
  add_checkpoint(command, [a](const std::string& name) {
    bool is_of_run = false;
    for (std::string& model : a->models) {
      if (models::run_of(model) != model) continue;
      model = models::checkpoint_of_run(model, name).string();
      is_of_run = true;
    }
    require(is_of_run, "--checkpoint {}: is for run directories, and no MODEL is one", name);
  });
  command.add("--runs", &a->runs, "show the training runs under this folder");
  command.add("--port", &a->port, "0 takes any free port").whole_number(0, 65535).shows_default();
  command.add("--host", &a->host, "address to listen on; beyond this machine a token is asked for").shows_default();
  command.add("--allow-host", &a->names, "a name that the studio goes by, as behind a reverse proxy");
  command.add("--token", &a->wants_token, "ask for a token on this machine too");
  command.add("--export", &a->export_folder,
              "write the studio as files for any web host into this folder, and serve nothing; "
              "without MODEL the built-in models");
  command.add("--wasm", &a->wasm, "limn-studio.wasm for --export; without it the one beside limn or installed with it");
  command.set_footer(
      "\nThe token is made anew each time, or taken from the environment variable LIMN_SERVE_TOKEN.\n"
      "\nExamples:\n  limn serve\n  limn serve builtin:doodles runs/doodles bicycle.gen.json --runs runs\n"
      "  limn serve --export site runs/doodles\n");
  command.set_action([a, &registry] {
    require(a->wasm.empty() || !a->export_folder.empty(), "--wasm: is for --export; leave it out");
    if (a->export_folder.empty())
      serve_studio(*a, registry);
    else
      export_studio(*a, registry);
  });
}

}  // namespace limn::app
