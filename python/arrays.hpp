// Between NumPy's arrays and the memory of the rooms. An array that goes out owns the memory that the rooms made,
// without a copy. One that comes in is read in place where it is float32 and contiguous. Call with Python's lock held.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "limn/models/latent.hpp"

namespace limn::python {

namespace nb = nanobind;

using FloatArray = nb::ndarray<nb::numpy, float>;
using GivenFloats = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;

// The array of that shape over the values, which it owns.
template <std::size_t n>
[[nodiscard]] FloatArray array_of(std::vector<float> values, const std::array<std::size_t, n>& shape) {
  auto kept = std::make_unique<std::vector<float>>(std::move(values));
  float* const data = kept->data();
  nb::capsule owner(kept.release(), [](void* p) noexcept { delete static_cast<std::vector<float>*>(p); });
  return FloatArray(data, n, shape.data(), owner);
}
// [n, Z]
[[nodiscard]] FloatArray array_of(models::Latents latents);

// Anything that numpy.asarray() takes as contiguous float32. 8-bit numbers become shares of 255 where
// `bytes_are_shares`. Throws Error beginning with `name` unless it is an array of real numbers.
[[nodiscard]] GivenFloats floats_of(nb::handle values, const std::string& name, bool bytes_are_shares = false);
// [Z] or [n, Z] of the size. Throws Error for another shape, or a value that is not finite.
[[nodiscard]] models::Latents latents_of(nb::handle values, std::int64_t z_size);

// "[3, 28, 28]", for messages.
[[nodiscard]] std::string shape_text(const GivenFloats& array);

}  // namespace limn::python
