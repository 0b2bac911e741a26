// One function a subcommand: it adds its options to the command line and a callback that does the work when the
// subcommand was given. Callbacks print results to stdout, progress to stderr, and throw limn::Error.
#pragma once

#include <CLI/CLI.hpp>

namespace limn::app {

// These three are part of the program limn-train; limn itself only hands them on (app/training_program.cpp).
inline constexpr const char* kTrainHelp = "train a model: sketch-rnn, vae or draw";
inline constexpr const char* kBenchHelp = "this machine's training and drawing speed beside plain LibTorch's";
inline constexpr const char* kCompletionHelp = "a script that lets your shell complete limn's commands and options";
void add_train(CLI::App& app);
void add_bench(CLI::App& app);
// Describes all commands of `app`, which must outlive the parse.
void add_completion(CLI::App& app);

void add_eval(CLI::App& app);
void add_sample(CLI::App& app);
void add_reconstruct(CLI::App& app);
void add_complete(CLI::App& app);
void add_interpolate(CLI::App& app);
void add_encode(CLI::App& app);
void add_decode(CLI::App& app);
void add_manifold(CLI::App& app);
void add_traverse(CLI::App& app);
void add_import(CLI::App& app);
void add_export(CLI::App& app);
void add_plot(CLI::App& app);
void add_watch(CLI::App& app);
void add_serve(CLI::App& app);
void add_info(CLI::App& app);
void add_data(CLI::App& app);
// To `data`, the subcommand that add_data made.
void add_data_convert(CLI::App& data);
void add_data_fetch(CLI::App& data);

}  // namespace limn::app
