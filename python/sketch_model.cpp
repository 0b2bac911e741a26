// limn.SketchModel: models that draw with a pen.
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/models/own_drawing.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/sketch/simplify.hpp"
#include "python/arrays.hpp"
#include "python/drawing.hpp"
#include "python/model.hpp"
#include "python/seed.hpp"

namespace limn::python {
namespace {

using namespace nb::literals;

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

// The arguments of drawing that many calls have.
models::DrawingOptions options_of(double temperature, bool greedy, Seed seed, const std::string& sigma,
                                  const std::string& prior = "usual") {
  return {.temperature = temperature,
          .sigma_temperature = sigma_temperature_named(sigma),
          .is_greedy = greedy,
          .seed = seed,
          .prior = prior_named(prior)};
}

constexpr std::int64_t kBetweenSignals = 1024;  // drawings: about a second

models::Drawings given_drawings(const SketchModel& model, nb::handle x) {
  const std::vector<std::string> references = references_in(x);
  if (!references.empty()) {
    const nb::gil_scoped_release release;
    return model.get().read(references, kAll);
  }
  models::Drawings given{.sketches = sketches_of(x)};
  for (std::size_t i = 0; i < given.sketches.size(); ++i)
    require(!given.sketches[i].points.empty(), "drawing {}: has no point; give one that has", i);
  return given;
}

// A drawing of the caller's own, brought to the size that the model knows and back.
class Fitting {
 public:
  Fitting(const models::SketchModel& model, bool is_wanted) : model_(model) {
    if (is_wanted) typical_ = models::measure_typical_drawing(model);
  }
  // In the units of the model's data.
  sketch::Sketch fit(const sketch::Sketch& drawing, std::int64_t most) {
    if (!typical_) return drawing;
    models::FittedDrawing fitted = models::fitted(model_, *typical_, drawing, 0, most);
    maps_.push_back(fitted.map);
    return std::move(fitted.sketch);
  }
  [[nodiscard]] bool is_wanted() const { return typical_.has_value(); }
  [[nodiscard]] const models::PaperMap& map(std::size_t i) const { return maps_[i]; }

 private:
  const models::SketchModel& model_;
  std::optional<models::TypicalDrawing> typical_;
  std::vector<models::PaperMap> maps_;
};

models::Drawings fitted_drawings(const SketchModel& model, models::Drawings given, Fitting& fitting) {
  const double epsilon = model.get().simplify();
  for (sketch::Sketch& sketch : given.sketches)
    sketch = fitting.is_wanted() ? fitting.fit(sketch, model.get().max_seq_len())
             : epsilon > 0       ? sketch::simplified(sketch, epsilon)
                                 : sketch;
  return given;
}

std::vector<Drawing> sample(const SketchModel& model, std::int64_t n, double temperature, bool greedy, Seed seed,
                            const std::string& prior, bool skip_blank, const std::string& sigma) {
  check_count(n);
  models::DrawingOptions options = options_of(temperature, greedy, seed, sigma, prior);
  options.skips_blank = skip_blank;
  std::vector<Drawing> all;
  for (std::int64_t first = 0; first < n; first += kBetweenSignals) {
    options.first = static_cast<std::uint64_t>(first);
    std::vector<sketch::Sketch> drawn;
    {
      const nb::gil_scoped_release release;
      drawn = std::move(model.get().draw(std::min(kBetweenSignals, n - first), options).sketches);
    }
    std::ranges::move(as_drawings(std::move(drawn)), std::back_inserter(all));
    if (PyErr_CheckSignals() != 0) throw nb::python_error();  // Ctrl-C
  }
  return all;
}

std::tuple<FloatArray, FloatArray> encode(const SketchModel& model, nb::handle x, bool fit) {
  model.get().need(models::Ability::kEncode, "try sample() or complete()");
  models::Drawings given = given_drawings(model, x);
  models::LatentPosterior posterior;
  {
    const nb::gil_scoped_release release;
    Fitting fitting(model.get(), fit);
    given = fitted_drawings(model, std::move(given), fitting);
    std::vector<sketch::Sketch> normalised;
    for (const sketch::Sketch& sketch : given.sketches) normalised.push_back(model.get().normalised(sketch));
    posterior = model.get().encode(normalised);
  }
  return {array_of(std::move(posterior.mu)), array_of(std::move(posterior.log_variance))};
}

FloatArray latents(const SketchModel& model, nb::handle x, bool mean, Seed seed, bool fit) {
  models::Drawings given = given_drawings(model, x);
  models::Latents z;
  {
    const nb::gil_scoped_release release;
    Fitting fitting(model.get(), fit);
    z = model.get().latents_of(fitted_drawings(model, std::move(given), fitting), {.uses_mean = mean, .seed = seed});
  }
  return array_of(std::move(z));
}

std::vector<Drawing> decode(const SketchModel& model, nb::handle z, double temperature, bool greedy, Seed seed,
                            const std::string& sigma) {
  model.get().need(models::Ability::kDecode, "try sample()");
  const models::Latents vectors = latents_of(z, model.get().latent_size());
  const models::DrawingOptions options = options_of(temperature, greedy, seed, sigma);
  const nb::gil_scoped_release release;
  return as_drawings(std::move(model.get().draw_latents(vectors, options).sketches));
}

std::vector<Drawing> reconstruct(const SketchModel& model, nb::handle x, double temperature, bool greedy, bool mean,
                                 Seed seed, bool fit, const std::string& sigma) {
  models::Drawings given = given_drawings(model, x);
  const models::DrawingOptions options = options_of(temperature, greedy, seed, sigma);
  const nb::gil_scoped_release release;
  Fitting fitting(model.get(), fit);
  given = fitted_drawings(model, std::move(given), fitting);
  const models::Latents z = model.get().latents_of(given, {.uses_mean = mean, .seed = seed});
  std::vector<sketch::Sketch> drawn = std::move(model.get().draw_latents(z, options).sketches);
  for (std::size_t i = 0; fit && i < drawn.size(); ++i) drawn[i] = models::brought_back(drawn[i], fitting.map(i));
  return as_drawings(std::move(drawn));
}

std::vector<Drawing> complete(const SketchModel& model, nb::handle beginning, std::int64_t n, std::int64_t points,
                              double temperature, bool greedy, bool prior, Seed seed, bool fit,
                              const std::string& sigma) {
  model.get().need(models::Ability::kComplete, "choose a model of sketches");
  check_count(n);
  require(!prior || model.get().latent_size() > 0, "prior: the model has no latent space to draw from; leave it out");
  models::Drawings given = given_drawings(model, beginning);
  require(given.sketches.size() == 1, "beginning: {} drawings, expected one", given.sketches.size());
  sketch::Sketch& original = given.sketches.front();
  if (!fit && model.get().simplify() > 0) original = sketch::simplified(original, model.get().simplify());
  require(points >= 0 && points <= std::ssize(original.points), "points: {}, but the drawing has {}", points,
          original.points.size());
  const models::CompletionOptions options{
      .count = n, .uses_prior = prior, .drawing = options_of(temperature, greedy, seed, sigma)};
  const nb::gil_scoped_release release;
  const std::int64_t longest = model.get().max_seq_len();
  std::optional<models::FittedDrawing> fitted;
  if (fit)
    fitted = models::fitted_beginning(model.get(), models::measure_typical_drawing(model.get()), original,
                                      static_cast<std::size_t>(points), std::max<std::int64_t>(1, longest * 3 / 4));
  if (points > 0) original.points.resize(static_cast<std::size_t>(points));
  const sketch::Sketch prefix = fitted ? fitted->sketch : original;
  require(std::ssize(prefix.points) < longest,
          "beginning: {} points, and the model's drawings have {} at most; use the first K with points=K, or fit=True",
          prefix.points.size(), longest);
  std::vector<sketch::Sketch> endings = std::move(model.get().complete({.sketches = {prefix}}, options).sketches);
  for (sketch::Sketch& ending : endings)
    if (fitted) ending = models::continued(original, ending, prefix.points.size(), fitted->map);
  return as_drawings(std::move(endings));
}

FloatArray outputs(const SketchModel& model, nb::handle drawing, nb::handle z) {
  const auto* const sketch_rnn = dynamic_cast<const models::SketchRnnModel*>(&model.get());
  require(sketch_rnn != nullptr, "outputs(): is for models of the family sketch_rnn");
  const sketch::Sketch given = sketch_of(drawing);
  models::Latents vector;
  if (model.get().is_conditional()) {
    require(!z.is_none(), "z: is needed, [{}]; encode() gives one", model.get().latent_size());
    vector = latents_of(z, model.get().latent_size());
    require(vector.count() == 1, "z: {} vectors, expected one", vector.count());
  }
  std::vector<float> y;
  {
    const nb::gil_scoped_release release;
    y = sketch_rnn->outputs(model.get().normalised(given),
                            model.get().is_conditional() ? vector.row(0) : std::span<const float>());
  }
  const std::size_t rows = given.points.size() + 1, columns = y.size() / rows;
  return array_of(std::move(y), std::array{rows, columns});
}

constexpr const char* kDrawingArguments =
    "temperature: above 0; higher is more varied. greedy: always the likeliest point. seed: another number, other\n"
    "drawings. sigma_temperature: 'sqrt' as the paper's eq. 8, or 'linear' as Magenta's Python.";

}  // namespace

void add_sketch_model(nb::module_& module) {
  static const std::string sample_help =
      std::string("New drawings: those of `limn sample` for the same seed.\n\n") + kDrawingArguments +
      "\nprior: where z comes from: 'usual', 'fitted' or 'standard'. skip_blank: draws others in the place of blank "
      "ones.";
  static const std::string decode_help =
      std::string("A drawing of each latent vector, [Z] or [n, Z].\n\n") + kDrawingArguments;
  static const std::string reconstruct_help =
      std::string(
          "Drawings that the model makes of the z of those given.\n\nx: as in encode(). mean: the posterior's "
          "mean for z, else a draw.\n") +
      kDrawingArguments;
  static const std::string complete_help =
      std::string(
          "Several endings of one drawing; each begins with the points that are given.\n\n"
          "points: only its first K; 0: all. prior: z from the prior, whatever is drawn. fit: as in encode().\n") +
      kDrawingArguments;
  nb::class_<SketchModel, AnyModel>(module, "SketchModel", "A model that draws with a pen: Sketch-RNN.")
      .def_prop_ro(
          "scale_factor", [](const SketchModel& m) { return m.get().scale_factor(); },
          "The number that its data were divided by.")
      .def_prop_ro(
          "max_seq_len", [](const SketchModel& m) { return m.get().max_seq_len(); }, "Points of the longest drawing.")
      .def("sample", &sample, "n"_a = 1, nb::kw_only(), "temperature"_a = 0.4, "greedy"_a = false, "seed"_a = 1,
           "prior"_a = "usual", "skip_blank"_a = false, "sigma_temperature"_a = "sqrt", sample_help.c_str())
      .def(
          "encode", &encode, "x"_a, nb::kw_only(), "fit"_a = false,
          nb::sig("def encode(self, x: Drawing | collections.abc.Sequence[Drawing] | "
                  "numpy.typing.ArrayLike | os.PathLike[str], *, fit: bool = False) -> tuple[numpy.ndarray, "
                  "numpy.ndarray]"),
          "The posteriors of drawings: mu and log variance, both [n, Z].\n\n"
          "x: a Drawing, an array of strokes, a list of them, or names as read_sketches() takes. fit: brings drawings\n"
          "of your own to the size that the model knows, and simplifies them.")
      .def("latents", &latents, "x"_a, nb::kw_only(), "mean"_a = true, "seed"_a = 1, "fit"_a = false,
           nb::sig(
               "def latents(self, x: Drawing | collections.abc.Sequence[Drawing] | "
               "numpy.typing.ArrayLike | os.PathLike[str], *, mean: bool = True, seed: int = 1, fit: bool = False) -> "
               "numpy.ndarray"),
           "A latent vector of each drawing [n, Z]: those of `limn encode`. x, fit: as in encode().")
      .def("decode", &decode, "z"_a, nb::kw_only(), "temperature"_a = 0.4, "greedy"_a = false, "seed"_a = 1,
           "sigma_temperature"_a = "sqrt",
           nb::sig("def decode(self, z: numpy.typing.ArrayLike, *, temperature: float = 0.4, greedy: bool = False, "
                   "seed: int = 1, sigma_temperature: str = 'sqrt') -> list[Drawing]"),
           decode_help.c_str())
      .def("reconstruct", &reconstruct, "x"_a, nb::kw_only(), "temperature"_a = 0.4, "greedy"_a = false,
           "mean"_a = false, "seed"_a = 1, "fit"_a = false, "sigma_temperature"_a = "sqrt",
           nb::sig("def reconstruct(self, x: Drawing | collections.abc.Sequence[Drawing] | "
                   "numpy.typing.ArrayLike | os.PathLike[str], *, temperature: float = 0.4, greedy: bool = False, "
                   "mean: bool = False, seed: int = 1, fit: bool = False, sigma_temperature: str = 'sqrt') -> "
                   "list[Drawing]"),
           reconstruct_help.c_str())
      .def("complete", &complete, "beginning"_a, "n"_a = 1, nb::kw_only(), "points"_a = 0, "temperature"_a = 0.4,
           "greedy"_a = false, "prior"_a = false, "seed"_a = 1, "fit"_a = false, "sigma_temperature"_a = "sqrt",
           nb::sig("def complete(self, beginning: Drawing | numpy.typing.ArrayLike | os.PathLike[str], n: int = 1, *, "
                   "points: int = 0, temperature: float = 0.4, "
                   "greedy: bool = False, prior: bool = False, seed: int = 1, fit: bool = False, "
                   "sigma_temperature: str = 'sqrt') -> list[Drawing]"),
           complete_help.c_str())
      .def("outputs", &outputs, "drawing"_a, "z"_a = nb::none(),
           nb::sig("def outputs(self, drawing: Drawing | numpy.typing.ArrayLike, z: numpy.typing.ArrayLike | None = "
                   "None) -> numpy.ndarray"),
           "The decoder's outputs while it reads the drawing (teacher forcing), [n + 1, 3 + 6 M].\n\n"
           "Row i says where point i + 1 lies, in units of scale_factor: the logits of pen down, lifted and end, then "
           "M\n"
           "each of the logits of pi, mu x, mu y, log sigma x, log sigma y, and rho before its tanh.");
}

}  // namespace limn::python
