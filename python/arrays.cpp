#include "python/arrays.hpp"

#include <fmt/ranges.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "limn/core/error.hpp"

namespace limn::python {

FloatArray array_of(models::Latents latents) {
  const std::array shape{static_cast<std::size_t>(latents.count()), static_cast<std::size_t>(latents.z_size)};
  return array_of(std::move(latents.values), shape);
}

GivenFloats floats_of(nb::handle values, const std::string& name, bool bytes_are_shares) {
  const nb::module_ numpy = nb::module_::import_("numpy");
  nb::object array;
  std::string kind, trouble;
  try {
    array = numpy.attr("asarray")(values);
    kind = nb::cast<std::string>(array.attr("dtype").attr("kind"));
  } catch (nb::python_error& error) {
    if (!error.matches(PyExc_ValueError) && !error.matches(PyExc_TypeError)) throw;
    trouble = "cannot be made one";
  }
  require(trouble.empty() && std::string_view("biuf").find(kind) != std::string_view::npos,
          "{}: is not an array of real numbers; give one of float32", name);
  const bool is_bytes = kind == "u" && nb::cast<int>(array.attr("dtype").attr("itemsize")) == 1;
  array = numpy.attr("ascontiguousarray")(array, "float32");
  if (is_bytes && bytes_are_shares) array = numpy.attr("divide")(array, numpy.attr("float32")(255));
  return nb::cast<GivenFloats>(array);
}

models::Latents latents_of(nb::handle values, std::int64_t z_size) {
  const GivenFloats array = floats_of(values, "z");
  require((array.ndim() == 1 || array.ndim() == 2) && array.shape(array.ndim() - 1) == static_cast<std::size_t>(z_size),
          "z: is {}, expected [{}] or [n, {}]", shape_text(array), z_size, z_size);
  models::Latents z(array.ndim() == 1 ? 1 : static_cast<std::int64_t>(array.shape(0)), z_size);
  std::copy_n(array.data(), z.values.size(), z.values.begin());
  require(std::ranges::all_of(z.values, [](float value) { return std::isfinite(value); }),
          "z: holds a value that is not finite");
  return z;
}

std::string shape_text(const GivenFloats& array) {
  std::vector<std::size_t> shape;
  for (std::size_t i = 0; i < array.ndim(); ++i) shape.push_back(array.shape(i));
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace limn::python
