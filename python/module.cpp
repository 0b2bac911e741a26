// The module limn._limn: what python/limn/__init__.py shows as limn. It only translates; docs/python.md describes it.
#include <nanobind/nanobind.h>

#include <algorithm>
#include <cmath>
#include <typeinfo>

#include "limn/core/error.hpp"
#include "limn/core/version.hpp"
#include "limn/kernels/cpu_settings.hpp"
#include "limn/models/latent.hpp"
#include "python/arrays.hpp"
#include "python/drawing.hpp"
#include "python/model.hpp"
#include "python/picture.hpp"

namespace limn::python {

void add_train(nb::module_& module);

namespace {

using namespace nb::literals;

FloatArray interpolate_latents(nb::handle a, nb::handle b, std::int64_t steps) {
  const GivenFloats from = floats_of(a, "a"), to = floats_of(b, "b");
  require(from.ndim() == 1 && to.ndim() == 1, "a and b: are {} and {}, expected [Z] both", shape_text(from),
          shape_text(to));
  for (const GivenFloats* each : {&from, &to})
    require(std::all_of(each->data(), each->data() + each->size(), [](float v) { return std::isfinite(v); }),
            "a and b: not all values are finite");
  check_count(steps, "steps");
  return array_of(models::interpolate_latents({from.data(), from.size()}, {to.data(), to.size()}, steps));
}

}  // namespace

NB_MODULE(_limn, module) {
  kernels::heed_cpu_settings();
  nb::exception<Error>(module, "Error", PyExc_ValueError).attr("__doc__") =
      "A mistake in a call, a bad file or a failing machine: one line that says what is wrong and what to do.";
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::bad_cast&) {
      PyErr_SetString(PyExc_TypeError, "a value is of another kind than this takes, or was never initialised");
    }
  });
  module.attr("__version__") = kVersion;
  add_drawing(module);
  add_picture(module);
  add_model(module);
  add_sketch_model(module);
  add_image_model(module);
  add_train(module);
  module.def("interpolate_latents", &interpolate_latents, "a"_a, "b"_a, "steps"_a = 10,
             nb::sig("def interpolate_latents(a: numpy.typing.ArrayLike, b: numpy.typing.ArrayLike, steps: int = 10) "
                     "-> numpy.ndarray"),
             "Points [steps, Z] on the great arc from a to b (Shoemake 1985), both ends among them.");
}

}  // namespace limn::python
