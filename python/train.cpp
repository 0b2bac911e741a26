// limn.train(): a run from Python. The interpreter's lock is held only while one of its functions is called.
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/function.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/runs/run_config.hpp"
#include "limn/sketch/doodles.hpp"
#include "limn/train/run_options.hpp"
#include "limn/train/trainer.hpp"
#include "python/model.hpp"

namespace limn::python {
namespace {

namespace fs = std::filesystem;
using namespace nb::literals;

struct Run {
  fs::path path;
  train::TrainResult result;
};

std::map<std::string, double> named(const Metrics& metrics) {
  std::map<std::string, double> values;
  for (const auto& [name, value] : metrics) values[name] = value;
  return values;
}

// "name=value" of Python's keyword arguments.
std::vector<std::string> assignments_of(const nb::kwargs& options) {
  std::vector<std::string> assignments;
  for (const auto& [name, value] : options) {
    std::string text = nb::cast<std::string>(nb::str(value));
    if (nb::isinstance<nb::bool_>(value)) text = nb::cast<bool>(value) ? "true" : "false";
    assignments.push_back(nb::cast<std::string>(name) + "=" + text);
  }
  return assignments;
}

// Exceptions of a Python function that a step calls, and Ctrl-C, wait here until the run has saved itself.
class Interruption {
 public:
  void call(const std::function<void()>& function) {
    const nb::gil_scoped_acquire lock;
    if (thrown_) return;
    try {
      function();
    } catch (...) {
      thrown_ = std::current_exception();
    }
  }
  // Asks whether Ctrl-C was pressed.
  [[nodiscard]] bool is_wanted() {
    call([] {
      if (PyErr_CheckSignals() != 0) nb::raise_python_error();
    });
    return thrown_ != nullptr;
  }
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  std::exception_ptr thrown_;
};

struct Request {
  std::vector<std::string> data, assignments;
  fs::path out;
  std::optional<std::string> preset, init_from;
  bool resumes = false, overwrites = false;
  nb::object on_step, on_validation, on_notice;
};

const models::Preset& preset_named(const models::Family& family, const std::string& name) {
  const auto found = std::ranges::find(family.presets, name, &models::Preset::name);
  std::string names;
  for (const models::Preset& preset : family.presets) names += (names.empty() ? "" : ", ") + preset.name;
  require(found != family.presets.end(), "preset {}: there is {}", printable(name), names);
  return *found;
}

void set(train::RunOptions& options, const std::vector<std::string>& assignments) {
  set_options(options.all, assignments);
  set_options(options.all, train::implied_settings(assignments));
}

// Options in the order of the command: those of the run that continues or of the model it starts from, preset,
// caller's.
runs::RunConfig gather(const Request& request, const models::Family& family, train::RunOptions& options) {
  runs::RunConfig config{.family = family.command, .data = {}, .init_from = {}, .assignments = {}};
  if (request.resumes) {
    runs::RunDirectory::require_run(request.out);
    const std::string saved = (request.out / "config.toml").string();
    config = runs::read_config(saved);
    require(config.family == family.command, "{}: is a run of {}, not {}", saved, config.family, family.command);
    if (config.is_record) std::ranges::transform(config.data, config.data.begin(), sketch::recorded_data_name);
    naming(saved, [&] { set(options, config.assignments); });
  }
  if (request.init_from) {
    const models::Checkpoint model = registry().read(*request.init_from);
    require(model.model == family.name, "init_from: {} is a model of {}", *request.init_from, model.model);
    options_from_json(options.setup->fields(), model.config, *request.init_from);
    options_from_json(options.setup->fields(), model.training_config, *request.init_from, UnknownNames::kPassedOver);
    config.init_from = *request.init_from;
  }
  if (request.preset) set(options, preset_named(family, *request.preset).settings);
  set(options, request.assignments);
  if (!request.data.empty()) config.data = request.data;
  if (config.data.empty()) config.data = {family.built_in_data};
  std::ranges::transform(config.data, config.data.begin(), sketch::exact_data_name);
  return config;
}

Run run(const models::Family& family, const Request& request) {
  require(!request.resumes || !request.overwrites, "overwrite: not together with resume");
  require(!request.resumes || !request.init_from, "init_from: not together with resume");
  train::RunOptions options(family);
  const runs::RunConfig config = gather(request, family, options);
  (void)train::Plan(options.train);  // refuses what is wrong with it before the run's folder is touched
  const auto task = options.load(config.data);
  std::optional<models::Checkpoint> start;
  if (request.init_from) {
    start = registry().read(*request.init_from);
    train::require_start(*task, *start);
  }
  using Mode = runs::RunDirectory::Mode;
  const runs::RunDirectory folder(request.out, request.resumes      ? Mode::kResume
                                               : request.overwrites ? Mode::kOverwrite
                                                                    : Mode::kFresh);
  const std::string config_text = runs::config_to_toml(config, options.all);
  if (!request.resumes) write_file(folder.config(), config_text);
  Interruption interruption;
  train::TrainObserver observer;
  observer.should_stop = [&] { return interruption.is_wanted(); };
  if (!request.on_step.is_none())
    observer.on_step = [&](const train::Progress& p) { interruption.call([&] { request.on_step(p); }); };
  if (!request.on_validation.is_none())
    observer.on_validation = [&](std::int64_t step, const Metrics& m, bool is_best) {
      interruption.call([&] { request.on_validation(step, named(m), is_best); });
    };
  if (!request.on_notice.is_none())
    observer.on_notice = [&](const std::string& text) { interruption.call([&] { request.on_notice(text); }); };
  train::Trainer trainer(*task, registry(), options.train, folder, observer);
  const bool is_new = !request.resumes || !trainer.resume();
  if (is_new && start) trainer.start_from(*start);
  require(!request.resumes || trainer.step() <= trainer.num_steps(),
          "{}: the run is at step {} already; give a larger num_steps to continue it", folder.root().string(),
          trainer.step());
  if (request.resumes) write_file(folder.config(), config_text);
  Run done{.path = folder.root(), .result = trainer.run()};
  interruption.rethrow();
  return done;
}

Run train(const std::string& family, nb::handle data, const std::optional<fs::path>& out,
          const std::optional<std::string>& preset, const std::optional<fs::path>& init_from, bool resume,
          bool overwrite, nb::object on_step, nb::object on_validation, nb::object on_notice,
          const nb::kwargs& options) {
  const models::Family& known = registry().family_of_command(family);
  const Request request{.data = data.is_none() ? std::vector<std::string>{} : references_in(data),
                        .assignments = assignments_of(options),
                        .out = out.value_or(fs::path("runs") / known.command),
                        .preset = preset,
                        .init_from = init_from ? std::optional(init_from->string()) : std::nullopt,
                        .resumes = resume,
                        .overwrites = overwrite,
                        .on_step = std::move(on_step),
                        .on_validation = std::move(on_validation),
                        .on_notice = std::move(on_notice)};
  require(data.is_none() || !request.data.empty(),
          "data: expected the name of a data set, or a list of names; write_sketches() makes one of drawings");
  const nb::gil_scoped_release release;
  return run(known, request);
}

nb::dict train_options(const std::string& family) {
  train::RunOptions options(registry().family_of_command(family));
  nb::dict all;
  for (const OptionField& field : options.all)
    all[field.name.c_str()] = nb::make_tuple(std::visit([](const auto& value) { return nb::cast(value); }, field.get()),
                                             nb::cast(field.help));
  return all;
}

}  // namespace

void add_train(nb::module_& module) {
  nb::class_<train::Progress>(module, "Progress", "The figures of a run after a step.")
      .def_ro("step", &train::Progress::step, "Steps done.")
      .def_ro("num_steps", &train::Progress::num_steps, "Steps of the whole run, as planned now.")
      .def_ro("epoch", &train::Progress::epoch)
      .def_prop_ro(
          "losses", [](const train::Progress& p) { return named(p.losses); },
          "Running means over about the last 100 steps, by name.")
      .def_ro("learning_rate", &train::Progress::learning_rate)
      .def_ro("seconds_per_step", &train::Progress::seconds_per_step)
      .def_ro("examples_per_second", &train::Progress::examples_per_second)
      .def_ro("seconds_left", &train::Progress::seconds_left);
  nb::class_<Run>(module, "Run", "A run that train() made.")
      .def_ro("path", &Run::path, "Its folder, which limn.load() takes.")
      .def_prop_ro(
          "step", [](const Run& r) { return r.result.step; }, "Steps done in all.")
      .def_prop_ro(
          "best_total", [](const Run& r) { return r.result.best_total; },
          "Of the best model, on validation; NaN where the data have no validation split.")
      .def_prop_ro(
          "best_step", [](const Run& r) { return r.result.best_step; }, "-1: no validation gave a finite loss.")
      .def(
          "model", [](const Run& r) { return load_model(r.path, "f32"); },
          nb::sig("def model(self) -> SketchModel | ImageModel"), "The best model.");
  module.def(
      "train", &train, "family"_a, "data"_a = nb::none(), "out"_a = nb::none(), nb::kw_only(), "preset"_a = nb::none(),
      "init_from"_a = nb::none(), "resume"_a = false, "overwrite"_a = false, "on_step"_a = nb::none(),
      "on_validation"_a = nb::none(), "on_notice"_a = nb::none(), "options"_a,
      nb::sig("def train(family: str, data: str | os.PathLike[str] | list[str] | None = None, "
              "out: str | os.PathLike[str] | None = None, *, preset: str | None = None, init_from: str | "
              "os.PathLike[str] | None = None, "
              "resume: bool = False, overwrite: bool = False, "
              "on_step: collections.abc.Callable[[Progress], object] | None = None, "
              "on_validation: collections.abc.Callable[[int, dict[str, float], bool], object] | None = None, "
              "on_notice: collections.abc.Callable[[str], object] | None = None, "
              "**options: bool | int | float | str) -> Run"),
      "Trains a model: 'sketch-rnn', 'vae' or 'draw'; the same run as `limn train` makes.\n\n"
      "data: names of data sets; None: the family's built-in one. out: the run's folder; None: runs/<family>.\n"
      "preset: a known set of options. init_from: start from the weights of this model. resume: continue the run in\n"
      "out, as if it had never stopped. overwrite: replace it. on_step, on_validation(step, losses, is_best) and\n"
      "on_notice are called on this thread. options: every hyperparameter by its name, as num_steps=500 or\n"
      "train_for='30m'; train_options() lists them.\n\n"
      "Ctrl-C, and what a callback raises, finish the step, save the run and are raised then; resume=True continues.\n"
      "Raises Error before the folder is touched where options or data are wrong.");
  module.def("train_options", &train_options, "family"_a,
             nb::sig("def train_options(family: str) -> dict[str, tuple[bool | int | float | str, str]]"),
             "The options of train() for a family: default and meaning of each, by name.");
}

}  // namespace limn::python
