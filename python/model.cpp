#include "python/model.hpp"

#include <fmt/ranges.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>

#include "app/pretrained.hpp"
#include "limn/core/error.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "python/arrays.hpp"

namespace limn::python {
namespace {

using namespace nb::literals;

constexpr std::int64_t kMostDrawings = 1'000'000;
constexpr std::array<std::string_view, 3> kPriorNames{"usual", "fitted", "standard"};  // by their places in PriorKind

template <class Enum, std::size_t n>
Enum named(const std::array<std::string_view, n>& names, const std::string& name, const char* option) {
  const auto found = std::ranges::find(names, name);
  require(found != names.end(), "{}: {} is none; use {}", option, printable(name), fmt::join(names, ", "));
  return static_cast<Enum>(found - names.begin());
}

// A JSON text as Python reads it.
nb::object parsed(const std::string& json) { return nb::module_::import_("json").attr("loads")(json); }

nb::dict weights_of(const AnyModel& model) {
  // A Sketch-RNN keeps its weights beside its checkpoint.
  const auto* const sketch_rnn = dynamic_cast<const models::SketchRnnModel*>(model.model.get());
  const models::Checkpoint checkpoint =
      sketch_rnn == nullptr ? model.model->checkpoint() : models::to_checkpoint(sketch_rnn->contents());
  nb::dict arrays;
  for (const auto& [name, values] : checkpoint.weights) {
    const auto& shape = checkpoint.shapes.at(name);
    const nb::object array = nb::cast(array_of(values, std::array{values.size()}));
    nb::list sizes;
    for (const std::int64_t size : shape) sizes.append(size);
    arrays[name.c_str()] = array.attr("reshape")(nb::tuple(sizes));
  }
  return arrays;
}

nb::dict facts_of(const AnyModel& model) {
  nb::dict facts;
  for (const auto& [name, json] : model.model->facts()) facts[name.c_str()] = parsed(json);
  return facts;
}

std::string text_of(const AnyModel& model) {
  const models::Checkpoint& checkpoint = model.model->checkpoint();
  return fmt::format("<limn model of {}: {}, z of {}>", checkpoint.model, checkpoint.origin,
                     model.model->latent_size());
}

}  // namespace

const models::Registry& registry() {
  static const models::Registry all = models::standard_registry(app::pretrained_models());
  return all;
}

nb::object wrapped(std::shared_ptr<const models::Model> model) {
  if (model->as_sketch_model() != nullptr) return nb::cast(SketchModel{{std::move(model)}});
  return nb::cast(ImageModel{{std::move(model)}});
}

nb::object load_model(const std::filesystem::path& path, const std::string& precision) {
  std::unique_ptr<models::Model> model;
  {
    const nb::gil_scoped_release release;
    model = registry().load(path);
    model->set_precision(precision);
  }
  return wrapped(std::move(model));
}

models::SigmaTemperature sigma_temperature_named(const std::string& name) {
  return named<models::SigmaTemperature>(models::kSigmaTemperatureNames, name, "sigma_temperature");
}

models::PriorKind prior_named(const std::string& name) { return named<models::PriorKind>(kPriorNames, name, "prior"); }

std::vector<std::string> references_in(nb::handle x) {
  if (nb::isinstance<nb::str>(x)) return {nb::cast<std::string>(x)};
  if (nb::hasattr(x, "__fspath__")) return {nb::cast<std::string>(nb::str(x))};
  std::vector<std::string> references;
  if (!nb::isinstance<nb::list>(x) && !nb::isinstance<nb::tuple>(x)) return references;
  for (const nb::handle item : nb::iter(x)) {
    const std::vector<std::string> one = nb::isinstance<nb::str>(item) || nb::hasattr(item, "__fspath__")
                                             ? references_in(item)
                                             : std::vector<std::string>{};
    if (one.empty()) return {};
    references.push_back(one.front());
  }
  return references;
}

void check_count(std::int64_t n, const char* name) {
  require(n >= 1 && n <= kMostDrawings, "{}: {}, expected 1 to {}", name, n, kMostDrawings);
}

void add_model(nb::module_& module) {
  auto model =
      nb::class_<AnyModel>(
          module, "Model",
          "A trained model; limn.load() makes one. Immutable: any number of threads may use it, and its\n"
          "calls let other threads of Python run.")
          .def_prop_ro(
              "family", [](const AnyModel& m) { return m.model->checkpoint().model; }, "'sketch_rnn', 'vae' or 'draw'.")
          .def_prop_ro(
              "latent_size", [](const AnyModel& m) { return m.model->latent_size(); },
              "Numbers of a latent vector: Z of a VAE or Sketch-RNN, steps times Z of DRAW. 0: none.")
          .def_prop_ro(
              "step", [](const AnyModel& m) { return m.model->checkpoint().step; }, "Training steps that were made.")
          .def_prop_ro(
              "options", [](const AnyModel& m) { return parsed(m.model->checkpoint().config); },
              nb::sig("def options(self) -> dict[str, typing.Any]"), "The model's options, by name.")
          .def_prop_ro(
              "metrics", [](const AnyModel& m) { return parsed(m.model->checkpoint().metrics); },
              nb::sig("def metrics(self) -> dict[str, float]"), "Losses when the file was written.")
          .def_prop_ro("facts", &facts_of, nb::sig("def facts(self) -> dict[str, typing.Any]"),
                       "Further facts about the model, such as scale_factor and max_seq_len.")
          .def("weights", &weights_of, nb::sig("def weights(self) -> dict[str, numpy.ndarray]"),
               "The model's tensors by name, copies in float32.")
          .def("__repr__", &text_of);
  add_evaluate(model);
  module.def("load", &load_model, "path"_a, nb::kw_only(), "precision"_a = "f32",
             nb::sig("def load(path: str | os.PathLike[str], *, precision: str = 'f32') -> SketchModel | ImageModel"),
             "Loads a model: a run's folder, a .safetensors file, Magenta's .json or .js, PyTorch's .pth of known\n"
             "programs, or 'builtin:doodles'.\n\n"
             "precision: of the weights that strokes are drawn with, 'f32' or 'bf16', which reads half the memory and\n"
             "changes what a seed draws.\n\n"
             "Files may come from strangers: everything in them is checked, and nothing in them is run. Raises Error.");
}

}  // namespace limn::python
