// limn.ImageModel: models of images, and limn.Steps, drawings as they come into being.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <limits>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/models/latent_planes.hpp"
#include "limn/models/vae/drawing.hpp"
#include "limn/render/steps_sheet.hpp"
#include "limn/render/svg_writer.hpp"
#include "python/arrays.hpp"
#include "python/model.hpp"
#include "python/picture.hpp"
#include "python/seed.hpp"

namespace limn::python {
namespace {

using namespace nb::literals;

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMostGrid = 1000;

models::Drawings given_images(const ImageModel& model, nb::handle x) {
  const std::vector<std::string> references = references_in(x);
  if (!references.empty()) {
    const nb::gil_scoped_release release;
    return model.get().read(references, kAll);
  }
  const image::ImageShape shape = model.get().shape();
  return {.content = models::Content::kImages, .shape = shape, .pixels = images_of(x, &shape).pixels};
}

FloatArray array_of(const ImageModel& model, std::vector<float> pixels) {
  const image::ImageShape s = model.get().shape();
  const std::size_t n = pixels.size() / static_cast<std::size_t>(s.size());
  return python::array_of(std::move(pixels),
                          std::array{n, static_cast<std::size_t>(s.channels), static_cast<std::size_t>(s.height),
                                     static_cast<std::size_t>(s.width)});
}

FloatArray sample(const ImageModel& model, std::int64_t n, Seed seed, const std::string& prior) {
  check_count(n);
  const models::DrawingOptions options{.seed = seed, .prior = prior_named(prior)};
  std::vector<float> pixels;
  {
    const nb::gil_scoped_release release;
    pixels = std::move(model.get().draw(n, options).pixels);
  }
  return array_of(model, std::move(pixels));
}

std::tuple<FloatArray, FloatArray> encode(const ImageModel& model, nb::handle x) {
  const auto* const vae = dynamic_cast<const models::VaeModel*>(&model.get());
  require(vae != nullptr, "encode(): the mean of this model's z depends on its own draws; latents() gives a draw of z");
  const models::Drawings given = given_images(model, x);
  models::LatentPosterior posterior;
  {
    const nb::gil_scoped_release release;
    posterior = vae->posterior(given.pixels);
  }
  return {python::array_of(std::move(posterior.mu)), python::array_of(std::move(posterior.log_variance))};
}

FloatArray latents(const ImageModel& model, nb::handle x, bool mean, Seed seed) {
  const models::Drawings given = given_images(model, x);
  models::Latents z;
  {
    const nb::gil_scoped_release release;
    z = model.get().latents_of(given, {.uses_mean = mean, .seed = seed});
  }
  return python::array_of(std::move(z));
}

FloatArray decode(const ImageModel& model, nb::handle z) {
  const models::Latents vectors = latents_of(z, model.get().latent_size());
  std::vector<float> pixels;
  {
    const nb::gil_scoped_release release;
    pixels = std::move(model.get().draw_latents(vectors, {}).pixels);
  }
  return array_of(model, std::move(pixels));
}

FloatArray reconstruct(const ImageModel& model, nb::handle x, bool mean, Seed seed) {
  const models::Drawings given = given_images(model, x);
  std::vector<float> pixels;
  {
    const nb::gil_scoped_release release;
    const models::Latents z = model.get().latents_of(given, {.uses_mean = mean, .seed = seed});
    pixels = std::move(model.get().draw_latents(z, {.seed = seed}).pixels);
  }
  return array_of(model, std::move(pixels));
}

FloatArray manifold(const ImageModel& model, std::int64_t grid, const std::string& prior) {
  require(grid >= 1 && grid <= kMostGrid, "grid: {}, expected 1 to {}", grid, kMostGrid);
  require(model.get().latent_size() == 2, "manifold(): the model has {} latent dimensions, a manifold shows 2",
          model.get().latent_size());
  const models::FittedPrior* const density = model.get().prior(prior_named(prior));
  std::vector<float> pixels;
  {
    const nb::gil_scoped_release release;
    const models::PlaneAxes axes = models::plane_axes(0, 1, grid, density);
    pixels = std::move(model.get().draw_latents(models::traversal_latents(axes, std::vector<float>(2)), {}).pixels);
  }
  const image::ImageShape s = model.get().shape();
  const auto side = static_cast<std::size_t>(grid);
  return python::array_of(std::move(pixels),
                          std::array{side, side, static_cast<std::size_t>(s.channels),
                                     static_cast<std::size_t>(s.height), static_cast<std::size_t>(s.width)});
}

struct Steps {
  image::DrawingSteps steps;
};

// Views of what the object holds, which stays alive with them.
FloatArray canvases(const nb::handle self) {
  image::DrawingSteps& s = nb::cast<Steps&>(self).steps;
  const std::array shape{static_cast<std::size_t>(s.count), static_cast<std::size_t>(s.steps),
                         static_cast<std::size_t>(s.shape.channels), static_cast<std::size_t>(s.shape.height),
                         static_cast<std::size_t>(s.shape.width)};
  return FloatArray(s.canvases.data(), shape.size(), shape.data(), self);
}

std::optional<FloatArray> windows(const nb::handle self, std::vector<image::WindowBox> image::DrawingSteps::*which) {
  static_assert(sizeof(image::WindowBox) == 4 * sizeof(float));
  image::DrawingSteps& s = nb::cast<Steps&>(self).steps;
  if ((s.*which).empty()) return {};
  const std::array shape{static_cast<std::size_t>(s.count), static_cast<std::size_t>(s.steps), std::size_t{4}};
  return FloatArray(&(s.*which).front().center_x, shape.size(), shape.data(), self);
}

Steps steps(const ImageModel& model, std::int64_t n, Seed seed, nb::handle z, const std::string& prior) {
  model.get().need(models::Ability::kSteps, "sample() gives the images");
  check_count(n);
  const models::PriorKind kind = prior_named(prior);
  models::Latents vectors;
  if (!z.is_none()) vectors = latents_of(z, model.get().latent_size());
  const nb::gil_scoped_release release;
  if (vectors.count() == 0) vectors = model.get().prior_latents(n, seed, 0, kind);
  return {model.get().steps_from(vectors)};
}

Steps redrawing_steps(const ImageModel& model, nb::handle x, Seed seed) {
  model.get().need(models::Ability::kSteps, "reconstruct() gives the images");
  const models::Drawings given = given_images(model, x);
  const nb::gil_scoped_release release;
  return {model.get().steps_redrawing(given, {.seed = seed})};
}

std::string svg_of(const Steps& steps) {
  const render::Sheet sheet = render::every_step_sheet(steps.steps);
  return render::svg_text(render::lay_out(sheet, render::steps_save_options(sheet, steps.steps.shape).sheet));
}

void add_steps(nb::module_& module) {
  const char* const kWindow =
      "[n, T, 4] float32: centre x, centre y, side and sigma of each step's window, in pixels; None without attention.";
  nb::class_<Steps>(module, "Steps", "Images as a model draws them, step by step; a notebook shows every canvas.")
      .def_prop_ro("canvases", &canvases, nb::rv_policy::automatic, nb::sig("def canvases(self) -> numpy.ndarray"),
                   "[n, T, C, H, W] float32 in [0, 1]: the canvas after each step.")
      .def_prop_ro(
          "writes", [](nb::handle self) { return windows(self, &image::DrawingSteps::writes); },
          nb::rv_policy::automatic, nb::sig("def writes(self) -> numpy.ndarray | None"), kWindow)
      .def_prop_ro(
          "reads", [](nb::handle self) { return windows(self, &image::DrawingSteps::reads); }, nb::rv_policy::automatic,
          nb::sig("def reads(self) -> numpy.ndarray | None"), kWindow)
      .def("svg", &svg_of, "Every canvas with the window that is written, as an SVG file's text.")
      .def("_repr_svg_", &svg_of);
}

}  // namespace

void add_image_model(nb::module_& module) {
  add_steps(module);
  const char* const kLatents =
      "A latent vector of each image [n, Z]: those of `limn encode`. mean: the posterior's mean, else a draw of it.";
  nb::class_<ImageModel, AnyModel>(
      module, "ImageModel", "A model that draws images: VAE and DRAW. Images are float32 [n, C, H, W] in [0, 1].")
      .def_prop_ro(
          "shape",
          [](const ImageModel& m) {
            const image::ImageShape s = m.get().shape();
            return std::tuple{s.channels, s.height, s.width};
          },
          "Channels, height and width of an image.")
      .def("sample", &sample, "n"_a = 1, nb::kw_only(), "seed"_a = 1, "prior"_a = "usual",
           nb::sig("def sample(self, n: int = 1, *, seed: int = 1, prior: str = 'usual') -> numpy.ndarray"),
           "New images [n, C, H, W]: those of `limn sample` for the same seed. prior: where z comes from: 'usual',\n"
           "'fitted' or 'standard'.")
      .def(
          "encode", &encode, "x"_a,
          nb::sig(
              "def encode(self, x: numpy.typing.ArrayLike | os.PathLike[str]) -> tuple[numpy.ndarray, numpy.ndarray]"),
          "The posteriors of images: mu and log variance, both [n, Z]. Of a VAE.\n\n"
          "x: an array [H, W], [n, H, W] or [n, C, H, W] in [0, 1] or of uint8, or names of files (FILE, FILE:test#3).")
      .def(
          "latents", &latents, "x"_a, nb::kw_only(), "mean"_a = true, "seed"_a = 1,
          nb::sig(
              "def latents(self, x: numpy.typing.ArrayLike | os.PathLike[str], *, mean: bool = True, seed: int = 1) -> "
              "numpy.ndarray"),
          kLatents)
      .def("decode", &decode, "z"_a, nb::sig("def decode(self, z: numpy.typing.ArrayLike) -> numpy.ndarray"),
           "The image of each latent vector, [Z] or [n, Z]: [n, C, H, W].")
      .def("reconstruct", &reconstruct, "x"_a, nb::kw_only(), "mean"_a = false, "seed"_a = 1,
           nb::sig(
               "def reconstruct(self, x: numpy.typing.ArrayLike | os.PathLike[str], *, mean: bool = False, seed: int = "
               "1) -> numpy.ndarray"),
           "The images that the model makes of the z of those given. x: as in encode().")
      .def("manifold", &manifold, "grid"_a = 20, nb::kw_only(), "prior"_a = "usual",
           nb::sig("def manifold(self, grid: int = 20, *, prior: str = 'usual') -> numpy.ndarray"),
           "The plane of a model with two latent dimensions: [grid, grid, C, H, W], the first dimension to the right.")
      .def("steps", &steps, "n"_a = 1, nb::kw_only(), "seed"_a = 1, "z"_a = nb::none(), "prior"_a = "usual",
           nb::sig("def steps(self, n: int = 1, *, seed: int = 1, z: numpy.typing.ArrayLike | None = None, "
                   "prior: str = 'usual') -> Steps"),
           "Of DRAW: every canvas on the way to n new images, or to those of z.")
      .def(
          "redrawing_steps", &redrawing_steps, "x"_a, nb::kw_only(), "seed"_a = 1,
          nb::sig("def redrawing_steps(self, x: numpy.typing.ArrayLike | os.PathLike[str], *, seed: int = 1) -> Steps"),
          "Of DRAW: every canvas on the way to redrawing images, with the windows that are read.");
}

}  // namespace limn::python
