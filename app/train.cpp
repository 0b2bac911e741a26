// limn train: sets a run up from a preset, a config file and the command line, in this order, and trains.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <type_traits>

#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "app/console.hpp"
#include "app/interrupts.hpp"
#include "app/launch.hpp"
#include "app/presets.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/nn/threads.hpp"
#include "limn/runs/run_config.hpp"
#include "limn/train/draw_task.hpp"
#include "limn/train/sketch_rnn_task.hpp"
#include "limn/train/trainer.hpp"
#include "limn/train/vae_task.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

struct TrainArguments {
  std::vector<std::string> data;
  std::string out;
  std::string config;
  std::string preset;
  std::vector<std::string> settings;  // name=value, from --set and the options that are short for one
  std::int64_t epochs = 0;
  std::string device = "auto";
  int threads = 0;
  int processes = 1;
  bool resumes = false;
  bool overwrites = false;
  bool is_quiet = false;
};

// Adds an option that is short for --set name=value.
void add_setting(CLI::App& app, std::shared_ptr<TrainArguments> arguments, const std::string& flag,
                 const std::string& name, const std::string& help) {
  app.add_option_function<std::string>(
         flag, [arguments, name](const std::string& value) { arguments->settings.push_back(name + "=" + value); }, help)
      ->type_name("VALUE");
}

void add_common_options(CLI::App& app, const std::shared_ptr<TrainArguments>& a) {
  app.add_option("--data", a->data, "data set file, folder or builtin:NAME; several are joined")->type_name("PATH");
  app.add_option("--out", a->out, "run directory")->type_name("DIR");
  app.add_option("--config", a->config, "options from a TOML file; the command line overrides it")->type_name("FILE");
  app.add_option("--set", a->settings, "set any hyperparameter, see the list below")->type_name("NAME=VALUE");
  add_setting(app, a, "--steps", "num_steps", "training steps in all");
  app.add_option("--epochs", a->epochs, "passes over the training data, instead of --steps")
      ->check(whole_number(1, 1'000'000'000));
  add_setting(app, a, "--batch-size", "batch_size", "examples a step");
  add_setting(app, a, "--learning-rate", "learning_rate", "Adam's step size at step 0");
  add_setting(app, a, "--seed", "seed", "of every random number of the run");
  app.add_option("--device", a->device, "auto, cpu or cuda[:i]");
  add_setting(app, a, "--precision", "precision", "f32 or bf16 matrix products");
  app.add_option("--threads", a->threads, "threads to use [OMP_NUM_THREADS or all cores]")->check(whole_number(1, 1024));
  app.add_option("--nproc", a->processes, "processes on this machine that share each batch")
      ->check(whole_number(1, 1024))
      ->capture_default_str();
  add_setting(app, a, "--valid-every", "valid_every", "steps between validations");
  add_setting(app, a, "--save-every", "save_every", "steps between checkpoints");
  add_setting(app, a, "--sample-every", "sample_every", "steps between sample pictures, 0 for none");
  app.add_flag("--resume", a->resumes, "continue the run in --out");
  app.add_flag("--overwrite", a->overwrites, "replace the run in --out");
  app.add_flag("--quiet", a->is_quiet, "no progress");
}

// CLI11 does not look at excludes() of a command below a command before its callback runs.
void refuse_contradictions(const TrainArguments& a) {
  if (a.resumes && a.overwrites) throw CLI::ExcludesError("--overwrite", "--resume");
  const bool has_steps = std::ranges::any_of(a.settings, [](const auto& s) { return s.starts_with("num_steps="); });
  if (a.epochs > 0 && has_steps) throw CLI::ExcludesError("--epochs", "--steps");
}

// The options of a run: defaults, then the run's own config (--resume), then preset, --config and --set.
RunConfig gather(const TrainArguments& a, const std::string& family, std::span<const OptionField> options) {
  RunConfig config{.family = family, .data = {}, .assignments = {}};
  const auto merge = [&](const RunConfig& from, const std::string& origin) {
    require(from.family.empty() || from.family == family, "{}: is for limn train {}, not {}", origin, from.family, family);
    if (!from.data.empty()) config.data = from.data;
    try {
      set_options(options, from.assignments);
    } catch (const Error& error) {
      fail("{}: {}", origin, error.what());
    }
  };
  if (a.resumes) {
    const fs::path saved = fs::path(a.out) / "config.toml";
    require(fs::exists(saved), "{}: holds no run to resume; leave --resume out to start one", a.out);
    merge(read_config(saved.string()), saved.string());
  }
  if (!a.preset.empty()) set_options(options, preset_named(family, a.preset).settings);
  if (!a.config.empty()) merge(read_config(a.config), a.config);
  try {
    auto settings = a.settings;
    if (auto named = take_data_set(settings); !named.empty()) config.data = std::move(named);
    set_options(options, settings);
  } catch (const Error& error) {
    fail("--set {}", error.what());
  }
  if (!a.data.empty()) config.data = a.data;
  return config;
}

void check_device(const std::string& device) {
  const bool is_cuda = device == "cuda" || device.starts_with("cuda:");
  require(device == "auto" || device == "cpu" || is_cuda, "--device {}: expected auto, cpu or cuda[:i]", printable(device));
  require(!is_cuda, "--device {}: limn's kernels run on the CPU; use --device cpu", printable(device));
}

void print_result(const TrainResult& result, const std::string& family, const fs::path& root) {
  if (!result.is_finished) {
    fmt::print("stopped after step {}; continue with: limn train {} --resume --out {}\n", result.step, family, root.string());
    return;
  }
  if (std::isnan(result.best_total))
    fmt::print("trained {} steps; the data have no validation split, so the last weights are kept as the best\n", result.step);
  else
    fmt::print("trained {} steps; best on validation: total {:.4f} at step {}\n", result.step, result.best_total,
               result.best_step);
  fmt::print("{}\n", (root / "checkpoints" / "best.safetensors").string());
}

// What a user may not expect of the data with these options, or "".
std::string remark_on(const StrokeDataset&, const StrokeDataOptions&) { return {}; }
std::string remark_on(const ImageDataset& data, const ImageDataOptions& options) {
  if (data.shape().channels == 1 || options.binarize == "none") return {};
  return fmt::format("binarize={} makes each colour of a pixel 0 or 1; --set binarize=none keeps the colours",
                     options.binarize);
}

TrainResult train(Task& task, const TrainOptions& options, const RunDirectory& run, const std::string& config,
                  ProcessGroup* group, const TrainArguments& a, const std::string& remark) {
  Console console(a.is_quiet || (group != nullptr && !group->is_first()));
  watch_for_interrupts();
  Trainer trainer(task, options, run,
                  {.on_step = [&](const Progress& p) { console.show(p); },
                   .on_validation = [&](std::int64_t step, const Metrics& m, bool is_best) { console.show_validation(step, m, is_best); },
                   .on_notice = [&](const std::string& text) { console.line(text, true); },
                   .should_stop = is_interrupted},
                  group);
  if (options.precision == "bf16" && !kernels::has_bf16())
    console.line("this CPU has no bf16 instructions: training gives what bf16 gives, no faster than f32", true);
  if (!remark.empty()) console.line(remark, true);
  if (a.resumes && !trainer.resume()) console.line("nothing was saved yet: starting from step 0", true);
  // Only now: options that do not fit the saved state have been refused, and the run keeps its own.
  if (group == nullptr || group->is_first()) write_file(run.config(), config);
  const TrainResult result = trainer.run();
  console.finish();
  return result;
}

RunDirectory open_run(const TrainArguments& a, bool is_first) {
  using Mode = RunDirectory::Mode;
  if (!is_first) return RunDirectory(a.out, Mode::kNamed);
  return RunDirectory(a.out, a.resumes ? Mode::kResume : a.overwrites ? Mode::kOverwrite : Mode::kFresh);
}

// What `limn train` says of a family of models. What it does follows from the family's options (model, data and train,
// with fields() of all of them), its data set and its task.
struct Family {
  const char* name;
  const char* help;
  const char* built_in_data;
  const char* examples;
};

template <class Dataset, class Options>
using MakeTask = std::unique_ptr<Task> (*)(const Options&, Dataset);

template <class Dataset, class Options>
void train_family(const Family& family, const TrainArguments& a, Options options, MakeTask<Dataset, Options> make_task) {
  refuse_contradictions(a);
  check_device(a.device);
  if (a.processes > 1 && !is_launched()) return run_processes(a.processes);
  nn::set_thread_count(a.threads);
  const auto all = fields(options);
  RunConfig config = gather(a, family.name, all);
  if (config.data.empty()) config.data = {family.built_in_data};
  // Everything that can be wrong with options or data is found before the run directory is touched.
  auto data = Dataset::load(config.data, options.data);
  if (a.epochs) options.train.num_steps = a.epochs * data.batches_per_epoch(options.train.batch_size);
  const std::string remark = remark_on(data, options.data);
  const auto task = make_task(options, std::move(data));
  const auto environment = process_group_from_environment();
  const auto group = environment ? make_process_group(*environment) : nullptr;
  const bool is_first = !group || group->is_first();
  const RunDirectory run = open_run(a, is_first);
  const TrainResult result =
      train(*task, options.train, run, config_to_toml(config, all), group.get(), a, remark);
  if (is_first) print_result(result, config.family, run.root());
}

// Adds `limn train NAME`. `defaults` are the family's own.
template <class Dataset, class Options>
void add_family(CLI::App& train, const Family& family, Options defaults, MakeTask<Dataset, Options> make_task) {
  auto* command = train.add_subcommand(family.name, family.help);
  auto arguments = std::make_shared<TrainArguments>();
  arguments->out = fmt::format("runs/{}", family.name);
  add_common_options(*command, arguments);
  command->get_option("--out")->capture_default_str();
  command->add_option("--preset", arguments->preset, "a known set of options, listed below")->type_name("NAME");
  if constexpr (std::is_same_v<Dataset, ImageDataset>)
    add_setting(*command, arguments, "--compose", "compose", "two-digits: two images of the set on one canvas");
  command->footer("\nPresets:\n" + presets_help(family.name) + "\nHyperparameters for --set and --config [default]:\n" +
                  options_help(fields(defaults)) + "\nExamples:\n" + family.examples);
  command->callback([=] { train_family<Dataset>(family, *arguments, defaults, make_task); });
}

constexpr Family kSketchRnn{
    .name = "sketch-rnn",
    .help = "Sketch-RNN on strokes (Ha & Eck 2017)",
    .built_in_data = "builtin:doodles",
    .examples =
        "  limn train sketch-rnn --out runs/doodles --steps 1500\n"
        "  limn train sketch-rnn --data sheep.npz --out runs/sheep --set dec_model=layer_norm --set enc_model=layer_norm\n"
        "  limn train sketch-rnn --out runs/doodles --resume --steps 3000\n"};

constexpr Family kVae{
    .name = "vae",
    .help = "variational autoencoder on images, dense or convolutional (Kingma & Welling 2014)",
    .built_in_data = "builtin:shapes",
    .examples =
        "  limn train vae --out runs/shapes --epochs 20\n"
        "  limn train vae --preset mnist --data mnist --out runs/digits --epochs 100\n"
        "  limn train vae --preset conv40 --data pictures --out runs/pictures --batch-size 512 --steps 2000\n"
        "  limn train vae --data photos --out runs/photos --set image_size=40 --set arch=conv40 --set likelihood=mse\n"};

constexpr Family kDraw{
    .name = "draw",
    .help = "DRAW on images (Gregor et al. 2015)",
    .built_in_data = "builtin:shapes",
    .examples =
        "  limn train draw --out runs/shapes --steps 2000\n"
        "  limn train draw --preset mnist --data mnist --out runs/digits --epochs 20\n"
        "  limn train draw --data photos --out runs/photos --set image_size=40 --set binarize=none --set read_size=8\n"};

}  // namespace

void add_train(CLI::App& app) {
  auto* train = app.add_subcommand("train", kTrainHelp);
  train->require_subcommand(1);
  train->footer("\nExample:\n  limn train sketch-rnn --out runs/doodles --steps 1500\n");
  add_family<StrokeDataset>(*train, kSketchRnn, SketchRnnTaskOptions{}, make_sketch_rnn_task);
  add_family<ImageDataset>(*train, kVae, VaeTaskOptions{}, make_vae_task);
  add_family<ImageDataset>(*train, kDraw, DrawTaskOptions{}, make_draw_task);
}

}  // namespace limn::app
