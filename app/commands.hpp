// One function a subcommand, each in a file of the subcommand's name. It adds its options to the command line and an
// action that does the work. Actions print results to stdout, progress to stderr, and throw limn::Error. The registry
// must outlive the parse.
#pragma once

#include "app/command.hpp"

namespace limn::models {
class Registry;
}

namespace limn::app {

void add_train(const Command& app, const models::Registry& registry);
void add_eval(const Command& app, const models::Registry& registry);
void add_sample(const Command& app, const models::Registry& registry);
void add_reconstruct(const Command& app, const models::Registry& registry);
void add_complete(const Command& app, const models::Registry& registry);
void add_interpolate(const Command& app, const models::Registry& registry);
void add_encode(const Command& app, const models::Registry& registry);
void add_decode(const Command& app, const models::Registry& registry);
void add_manifold(const Command& app, const models::Registry& registry);
void add_traverse(const Command& app, const models::Registry& registry);
void add_plot(const Command& app);
void add_watch(const Command& app);
void add_serve(const Command& app, const models::Registry& registry);
void add_import(const Command& app, const models::Registry& registry);
void add_export(const Command& app, const models::Registry& registry);
void add_fit_prior(const Command& app, const models::Registry& registry);
void add_info(const Command& app, const models::Registry& registry);
// The command that those of data sets are below.
void add_data(const Command& app);
void add_data_info(const Command& data);
void add_data_convert(const Command& data);
void add_data_fetch(const Command& data);
void add_bench(const Command& app);
void add_doctor(const Command& app, const models::Registry& registry);
// Describes all commands of `app`, which must outlive the parse.
void add_completion(CLI::App& app);

}  // namespace limn::app
