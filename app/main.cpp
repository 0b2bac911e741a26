// The limn command. Errors that a user can mend, a wrong command line too, are one line on stderr and exit status 1.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "limn/core/error.hpp"
#include "limn/core/version.hpp"

namespace {

constexpr const char* kDescription =
    "limn: neural networks that draw - Sketch-RNN, DRAW and VAEs\n\n"
    "Examples:\n"
    "  limn train sketch-rnn --out runs/doodles --steps 1500      train on the built-in doodles\n"
    "  limn sample runs/doodles -n 16 -o sheet.png                new drawings\n"
    "  limn data info cat.npz                                     what a data set holds";

int report(const std::string& message, int status) {
  fmt::print(stderr, "limn: error: {}\n", message);
  return status;
}

int run(int argc, char** argv) {
  CLI::App app(kDescription, "limn");
  app.set_version_flag("--version", std::string("limn ") + limn::kVersion);
  app.require_subcommand(1);
  limn::app::add_train(app);
  limn::app::add_eval(app);
  limn::app::add_sample(app);
  limn::app::add_reconstruct(app);
  limn::app::add_complete(app);
  limn::app::add_interpolate(app);
  limn::app::add_encode(app);
  limn::app::add_decode(app);
  limn::app::add_manifold(app);
  limn::app::add_traverse(app);
  limn::app::add_plot(app);
  limn::app::add_watch(app);
  limn::app::add_serve(app);
  limn::app::add_import(app);
  limn::app::add_export(app);
  limn::app::add_info(app);
  limn::app::add_data(app);
  limn::app::add_bench(app);
  limn::app::add_completion(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return report(limn::app::explain(app, error), 1);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is then an error of write(), which says what to do
  try {
    const int status = run(argc, argv);
    if (std::fflush(stdout) != 0)
      return report(std::string("standard output: cannot write: ") + std::strerror(errno), 1);
    return status;
  } catch (const limn::Error& error) {
    return report(error.what(), 1);
  } catch (const std::bad_alloc&) {
    return report("out of memory; try a smaller --batch-size or model", 1);
  } catch (const std::exception& error) {
    return report(std::string("internal: ") + error.what(), 1);
  }
}
