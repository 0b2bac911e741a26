// limn fit-prior: gives a trained model the density of its training drawings' z, from which new drawings then come.
#include <memory>

#include "app/commands.hpp"
#include "app/common_options.hpp"
#include "app/printing.hpp"
#include "app/reading_options.hpp"
#include "app/recorded_data.hpp"
#include "app/threads.hpp"
#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/run_checkpoints.hpp"

namespace limn::app {
namespace {

struct FitPriorArguments {
  std::string model;
  std::vector<std::string> data;
  std::vector<std::string> settings;  // name=value
  std::string out;
  int threads = 0;
};

void fit_prior(const FitPriorArguments& a, const models::Registry& registry) {
  use_threads(a.threads);
  const Reading reading = reading_of(a.settings);
  require(!a.out.empty() || !is_builtin(a.model), "{}: is part of limn; say with -o where to write", a.model);
  const std::string out = a.out.empty() ? models::resolve_model_path(a.model).string() : a.out;
  require(ending_of(out) == ".safetensors", "{}: a model with a prior is a .safetensors file; say which with -o", out);
  models::Checkpoint checkpoint = registry.read(a.model);
  checkpoint.prior.reset();
  const auto model = registry.make(checkpoint);
  check_reading(reading, model->content(), a.model);
  const std::vector<std::string> data =
      a.data.empty()
          ? built_in_training_data(checkpoint, a.model, registry.family_named(checkpoint.model, a.model), "--data")
          : a.data;
  models::PriorOfData fitted =
      model->fit_prior({.data = data, .absolute = reading.absolute, .damaged = reading.damaged});
  say_notes(fitted.notes);
  checkpoint.prior = std::move(fitted.prior);
  registry.write(out, checkpoint);
  print("{}: new drawings come from a prior fitted to {} drawings\n", out, fitted.n);
}

}  // namespace

void add_fit_prior(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("fit-prior", "make new drawings come from where a model's training data lie");
  auto a = std::make_shared<FitPriorArguments>();
  add_model(command, a->model);
  command.add("--data", &a->data, "the data that the model was trained on [where they are built-in ones]")
      .named("PATH");
  add_reading_settings(command, a->settings);
  command.add("-o,--out", &a->out,
              ".safetensors file to write [the file that MODEL is, or of a run the one that is taken]");
  command.add("--threads", &a->threads, "threads to use [OMP_NUM_THREADS or all cores]").whole_number(1, 1024);
  command.set_footer(
      "\nFits a Gaussian to the latent vectors of the training split, at most 4096 drawings of it. limn sample, "
      "complete "
      "--prior\nand the studio then draw z from it. limn train does the same by itself; models of limn 0.1.0 and "
      "imported "
      "ones have none.\n"
      "\nExamples:\n  limn fit-prior runs/doodles --data builtin:doodles\n"
      "  limn fit-prior bird.gen.json --data bird.npz -o bird.safetensors\n");
  command.set_action([a, &registry] { fit_prior(*a, registry); });
}

}  // namespace limn::app
