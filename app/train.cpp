// limn train: sets a run up from a preset, a config file and the command line, in this order, and trains.
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "app/commands.hpp"
#include "app/console.hpp"
#include "app/interrupts.hpp"
#include "app/printing.hpp"
#include "app/processes.hpp"
#include "app/recorded_data.hpp"
#include "app/shell_word.hpp"
#include "app/steps_in_epochs.hpp"
#include "app/threads.hpp"
#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/kernels/precision.hpp"
#include "limn/models/registry.hpp"
#include "limn/runs/hparams.hpp"
#include "limn/runs/run_config.hpp"
#include "limn/sketch/doodles.hpp"
#include "limn/train/device.hpp"
#include "limn/train/libtorch_module.hpp"
#include "limn/train/run_options.hpp"
#include "limn/train/trainer.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

struct TrainArguments {
  std::vector<std::string> data;
  std::string out;
  std::string config;
  std::string preset;
  std::string init_from;
  std::vector<std::string> settings;                 // name=value, from --set and the options that are short for one
  std::map<std::string, std::string> short_options;  // those that were given: by name, "--steps" for num_steps
  std::string hparams;
  std::int64_t epochs = 0;
  std::string device = "auto";
  int threads = 0;
  int processes = 1;
  bool resumes = false;
  bool overwrites = false;
  bool takes_new_data = false;
  bool is_quiet = false;
};

// Adds an option that is short for --set name=value.
void add_setting(const Command& command, const std::shared_ptr<TrainArguments>& arguments, const std::string& option,
                 const std::string& name, const std::string& help) {
  command
      .add(
          option,
          [arguments, option, name](const std::string& value) {
            arguments->settings.push_back(name + "=" + value);
            arguments->short_options[name] = option;
          },
          help)
      .named("VALUE");
}

void add_options(const Command& command, const std::shared_ptr<TrainArguments>& a, const models::Family& family) {
  command.add("--data", &a->data, "data set file, folder or builtin:NAME; several are joined").named("PATH");
  command.add("--out", &a->out, "run directory").named("DIR").shows_default();
  command.add("--config", &a->config, "options from a TOML file; the command line overrides it").named("FILE");
  command.add("--preset", &a->preset, "a known set of options, listed below").named("NAME");
  command.add("--set", &a->settings, "set any hyperparameter, see the list below").named("NAME=VALUE");
  command.add("--hparams", &a->hparams, "Magenta's \"a=1,b=2\", a JSON object, or a file of one (model_config.json)");
  add_setting(command, a, "--for", "train_for", "time to train for, as 30m, 2h or 45s; the schedules follow it");
  add_setting(command, a, "--steps", "num_steps", "training steps in all, or 2epochs, instead of a time");
  command.add("--epochs", &a->epochs, "passes over the training data, instead of a time")
      .whole_number(1, 1'000'000'000);
  add_setting(command, a, "--batch-size", "batch_size", "examples per step");
  add_setting(command, a, "--learning-rate", "learning_rate", "Adam's largest step size");
  add_setting(command, a, "--seed", "seed", "of every random number of the run");
  command.add("--device", &a->device, train::device_help()).shows_default();
  add_setting(command, a, "--precision", "precision", "f32 or bf16 matrix products");
  command.add("--threads", &a->threads, "threads to use [OMP_NUM_THREADS or all cores]").whole_number(1, 1024);
  command.add("--nproc", &a->processes, "processes on this machine that share each batch")
      .whole_number(1, 1024)
      .shows_default();
  add_setting(command, a, "--valid-every", "valid_every", "steps between validations, or 1epoch");
  add_setting(command, a, "--save-every", "save_every", "steps between checkpoints, or 1epoch");
  add_setting(command, a, "--keep-checkpoints", "keep_checkpoints", "numbered checkpoints kept beside best and last");
  add_setting(command, a, "--sample-every", "sample_every", "steps between sample pictures, or 1epoch; 0 for none");
  if (family.content == models::Content::kImages)
    add_setting(command, a, "--compose", "compose", "two-digits: two images of the set on one canvas");
  command
      .add("--init-from", &a->init_from,
           "start from the weights of this model, with the options of its layers, losses and data; the optimiser "
           "starts anew")
      .named("MODEL");
  command.add("--resume", &a->resumes, "continue the run in --out");
  command.add("--new-data", &a->takes_new_data, "with --resume: the data are others than before, and that is meant");
  command.add("--overwrite", &a->overwrites, "replace the run in --out");
  command.add("--quiet", &a->is_quiet, "no progress");
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  std::error_code ignored;
  const fs::path whole = fs::weakly_canonical(path, ignored), above = fs::weakly_canonical(folder, ignored);
  return std::ranges::mismatch(above, whole).in1 == above.end();
}

// CLI11 checks what excludes what of a command below a command only after its action.
void refuse_contradictions(const TrainArguments& a) {
  if (a.resumes && a.overwrites) refuse_both("--overwrite", "--resume");
  if (a.resumes && !a.init_from.empty()) refuse_both("--init-from", "--resume");
  require(a.resumes || !a.takes_new_data, "--new-data: is for --resume; leave it out");
  require(!a.overwrites || a.init_from.empty() || !lies_in(a.init_from, a.out),
          "--init-from {}: lies in the run that --overwrite replaces; choose another --out", a.init_from);
  const auto sets = [&](std::string_view name) {
    return std::ranges::any_of(a.settings, [&](const auto& s) { return s.starts_with(name); });
  };
  if (a.epochs > 0 && sets("num_steps=")) refuse_both("--epochs", "--steps");
  if (a.epochs > 0 && sets("train_for=")) refuse_both("--epochs", "--for");
  if (sets("num_steps=") && sets("train_for=")) refuse_both("--for", "--steps");
}

const models::Preset& preset_named(const models::Family& family, const std::string& name) {
  std::vector<std::string> names;
  for (const models::Preset& preset : family.presets) {
    if (preset.name == name) return preset;
    names.push_back(preset.name);
  }
  fail("--preset {}: there is {}", printable(name), fmt::join(names, ", "));
}

std::string presets_help(const models::Family& family) {
  std::string text;
  for (const models::Preset& preset : family.presets)
    text +=
        fmt::format("  {:<9} {}\n            {}\n", preset.name, preset.help,
                    preset.settings.empty() ? "changes nothing" : fmt::format("{}", fmt::join(preset.settings, " ")));
  return text;
}

// `error` begins with "name=" where a value is wrong. Names what was typed: "--steps nan: …", "--set num_steps=nan: …".
[[noreturn]] void fail_setting(const TrainArguments& a, const std::string& error) {
  for (const auto& [name, option] : a.short_options)
    if (error.starts_with(name + "=")) fail("{} {}", option, error.substr(name.size() + 1));
  fail("--set{} {}", error.starts_with("unknown") ? ":" : "", error);
}

// Options of the layers and of how data are prepared become those of the model that a run starts from; those of
// training do not.
void take_model_options(const std::string& path, const models::Family& family, const models::Registry& registry,
                        std::span<const OptionField> options) {
  const models::Checkpoint model = registry.read(path);
  require(model.model == family.name, "--init-from {}: is a model of {}; use limn train {}", path, model.model,
          registry.family_named(model.model, path).command);
  options_from_json(options, model.config, path);
  options_from_json(options, model.training_config, path, UnknownNames::kPassedOver);
}

// The data of `settings` and of --data, which must not contradict each other; empty where neither names any.
std::vector<std::string> named_data(const TrainArguments& a, std::vector<std::string>& settings, const char* option) {
  std::vector<std::string> named = runs::take_data_set(settings);
  require(named.empty() || a.data.empty() || named == a.data,
          "{} data_set={}: --data names other data, {}; give one of them", option, fmt::join(named, ","),
          fmt::join(a.data, " "));
  return named;
}

// The options of a run: defaults, then the run's own config (--resume) or the model's (--init-from), then preset,
// --config, --hparams and --set. What counts in epochs goes to `epochs`, and the file that names the data, if the
// command line does not, to `data_origin`.
runs::RunConfig gather(const TrainArguments& a, const models::Family& family, const models::Registry& registry,
                       std::span<const OptionField> setup_options, std::span<const OptionField> options,
                       StepsInEpochs& epochs, std::string& data_origin) {
  runs::RunConfig config{.family = family.command, .data = {}, .init_from = {}, .assignments = {}};
  const auto set = [&](const std::vector<std::string>& assignments) {
    set_options(options, epochs.take(assignments));
    set_options(options, train::implied_settings(assignments));
  };
  const auto merge = [&](const runs::RunConfig& from, const std::string& origin) {
    require(from.family.empty() || from.family == family.command, "{}: is for limn train {}, not {}", origin,
            from.family, family.command);
    if (!from.data.empty()) {
      config.data = data_of(from);
      data_origin = origin;
    }
    if (!from.init_from.empty()) config.init_from = from.init_from;
    try {
      set(from.assignments);
    } catch (const Error& error) {
      fail("{}: {}", origin, error.what());
    }
  };
  if (a.resumes) {
    // Runs of 0.1.0 had no average.
    set_option(options, "average_weights", "false");
    const fs::path saved = fs::path(a.out) / "config.toml";
    runs::RunDirectory::require_run(a.out);
    merge(runs::read_config(saved.string()), saved.string());
  }
  if (!a.init_from.empty()) take_model_options(a.init_from, family, registry, setup_options);
  if (!a.preset.empty()) set(preset_named(family, a.preset).settings);
  if (!a.config.empty()) merge(runs::read_config(a.config), a.config);
  if (!a.hparams.empty()) {
    runs::Hparams hparams = runs::read_hparams(a.hparams);
    // A file says what its own run was trained on; a text is typed like --data.
    std::vector<std::string> named =
        hparams.is_file ? runs::take_data_set(hparams.assignments) : named_data(a, hparams.assignments, "--hparams");
    if (!named.empty()) {
      config.data = std::move(named);
      data_origin = hparams.is_file ? hparams.origin : "";
    }
    naming(hparams.origin, [&] { set(hparams.assignments); });
  }
  auto settings = a.settings;
  if (auto named = named_data(a, settings, "--set"); !named.empty()) {
    config.data = std::move(named);
    data_origin.clear();
  }
  try {
    set(settings);
  } catch (const Error& error) {
    fail_setting(a, error.what());
  }
  if (!a.data.empty()) {
    config.data = a.data;
    data_origin.clear();
  }
  if (!a.init_from.empty()) config.init_from = a.init_from;
  return config;
}

// Data that a file names are looked for from here, where they may not be.
void require_data(const std::vector<std::string>& data, const std::string& origin) {
  for (const std::string& path : data) {
    std::error_code ignored;
    require(is_builtin(path) || fs::exists(path, ignored),
            "{}: names the data {}, which are not there, seen from this folder; name them with --data", origin,
            printable(path));
  }
}

void print_result(const train::TrainResult& result, const std::string& family, const fs::path& root) {
  if (!result.is_finished) {
    print("stopped after step {}; continue with: limn train {} --resume --out {}\n", result.step, family,
          shell_word(root.string()));
    return;
  }
  if (result.best_step < 0)
    print("trained {} steps; no validation gave a finite loss, so the last weights are kept as the best\n",
          result.step);
  else if (std::isnan(result.best_total))
    print("trained {} steps; the data have no validation split, so the last weights are kept as the best\n",
          result.step);
  else
    print("trained {} steps; best on validation: total {:.4f} at step {}\n", result.step, result.best_total,
          result.best_step);
  print("{}\n", (root / "checkpoints" / "best.safetensors").string());
}

train::TrainResult train(models::TrainingTask& task, const models::Registry& registry,
                         const train::TrainOptions& options, const runs::RunDirectory& run,
                         const std::optional<models::Checkpoint>& start, const std::string& config_text,
                         train::ProcessGroup* group, const train::Device& device, const TrainArguments& a) {
  const bool is_first = group == nullptr || group->is_first();
  Console console(a.is_quiet || !is_first);
  watch_for_interrupts();
  // The first file: what ends before it leaves no run. That of --resume stays until its options have been accepted.
  if (is_first && !a.resumes) write_file(run.config(), config_text);
  train::Trainer trainer(
      task, registry, options, run,
      {.on_step = [&](const train::Progress& p) { console.show(p); },
       .on_validation = [&](std::int64_t step, const Metrics& m,
                            bool is_best) { console.show_losses("valid", step, m, is_best); },
       .on_notice = [&](const std::string& text) { console.line(text, true); },
       .should_stop = is_interrupted,
       .on_test = [&](std::int64_t step, const Metrics& m) { console.show_losses("test", step, m); }},
      group, device.name);
  if (!device.remark.empty()) console.line(device.remark, true);
  if (options.precision == "bf16" && device.name.empty() && !kernels::has_bf16())
    console.line("this CPU has no bf16 instructions: training gives what bf16 gives, no faster than f32", true);
  if (const std::string remark = task.remark(); !remark.empty()) console.line(remark, true);
  if (is_first) say_notes(task.notes());
  using OtherData = train::Trainer::OtherData;
  const bool is_new = !a.resumes || !trainer.resume(a.takes_new_data ? OtherData::kMeant : OtherData::kRefused);
  if (is_new && a.resumes) console.line("nothing was saved yet: starting from step 0", true);
  if (is_new && start) trainer.start_from(*start);
  if (is_new && is_first && !a.is_quiet) say_notes(task.advice());
  require(!a.resumes || trainer.step() <= trainer.num_steps(),
          "{}: the run is at step {} already; give more than {} steps to continue it", run.root().string(),
          trainer.step(), trainer.num_steps());
  if (is_first && a.resumes) write_file(run.config(), config_text);
  const train::TrainResult result = trainer.run();
  console.finish();
  return result;
}

runs::RunDirectory open_run(const TrainArguments& a, bool is_first) {
  using Mode = runs::RunDirectory::Mode;
  if (!is_first) return runs::RunDirectory(a.out, Mode::kNamed);
  return runs::RunDirectory(a.out, a.resumes ? Mode::kResume : a.overwrites ? Mode::kOverwrite : Mode::kFresh);
}

void train_family(const models::Family& family, const models::Registry& registry, const TrainArguments& a) {
  refuse_contradictions(a);
  if (a.processes > 1 && !is_launched()) {
    (void)train::load_libtorch_module("several processes");  // its error once, not from each process
    return run_processes(a.processes);
  }
  use_threads(a.threads);
  const train::Device device = train::choose_device(a.device);
  train::RunOptions options(family);
  StepsInEpochs epochs;
  std::string data_origin;
  runs::RunConfig config = gather(a, family, registry, options.setup->fields(), options.all, epochs, data_origin);
  if (config.data.empty() && !config.init_from.empty())
    config.data =
        data_or_built_in({}, registry.read(config.init_from), config.init_from, family, "this run shall be trained");
  if (config.data.empty()) config.data = {family.built_in_data};
  std::ranges::transform(config.data, config.data.begin(), sketch::exact_data_name);
  // Everything that can be wrong with options or data is found before the run directory is touched.
  try {
    (void)train::Plan(options.train);
  } catch (const Error& error) {
    fail_setting(a, error.what());
  }
  if (!data_origin.empty()) require_data(config.data, data_origin);
  const auto task = options.load(config.data);
  if (a.epochs > 0) {
    epochs.set("num_steps", static_cast<double>(a.epochs));
    options.train.train_for.clear();
  }
  epochs.resolve(options.all, task->steps_per_epoch());
  std::optional<models::Checkpoint> start;
  if (!config.init_from.empty() && !(a.resumes && is_there(fs::path(a.out) / "checkpoints/state.safetensors"))) {
    start = registry.read(config.init_from);
    train::require_start(*task, *start);
  }
  const auto environment = train::process_group_from_environment();
  if (environment && !is_launched() && !a.is_quiet)
    say("process {} of {}: meeting the others at {}:{}\n", environment->rank, environment->world_size,
        environment->master_address, environment->master_port);
  const auto group = environment ? train::make_process_group(*environment) : nullptr;
  if (group) train::require_shares(options.train.batch_size, *group);
  const bool is_first = !group || group->is_first();
  const runs::RunDirectory run = open_run(a, is_first);
  const train::TrainResult result = train(*task, registry, options.train, run, start,
                                          runs::config_to_toml(config, options.all), group.get(), device, a);
  if (is_first) print_result(result, family.command, run.root());
  // Where another process of the run was asked to stop, there is no signal here.
  if (!result.is_finished) throw Interrupted{is_interrupted() ? interrupt_signal() : SIGTERM};
}

void add_family(const Command& train, const models::Family& family, const models::Registry& registry) {
  const Command command = train.add_command(family.command, family.help);
  auto arguments = std::make_shared<TrainArguments>();
  arguments->out = fmt::format("runs/{}", family.command);
  add_options(command, arguments, family);
  const train::RunOptions defaults(family);
  command.set_footer("\nPresets:\n" + presets_help(family) + "\nHyperparameters for --set and --config [default]:\n" +
                     options_help(defaults.all) + "\nExamples:\n" + family.examples);
  command.set_action([arguments, &family, &registry] { train_family(family, registry, *arguments); });
}

}  // namespace

void add_train(const Command& app, const models::Registry& registry) {
  std::vector<std::string> names;
  for (const models::Family& family : registry.families()) names.push_back(family.command);
  const Command train = app.add_command("train", fmt::format("train a model: {}", fmt::join(names, ", ")));
  train.requires_command();
  train.set_footer("\nExample:\n  limn train sketch-rnn --out runs/doodles --steps 1500\n");
  for (const models::Family& family : registry.families()) add_family(train, family, registry);
}

}  // namespace limn::app
