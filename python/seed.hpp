// A seed as Python gives it: any whole number; what is out of range is an Error that says so, and no TypeError.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>

#include "limn/core/error.hpp"

namespace limn::python {

struct Seed {
  std::uint64_t value = 0;
  bool is_in_range = true;

  // Throws Error for a number out of range.
  operator std::uint64_t() const {  // NOLINT(google-explicit-constructor): it stands for the number
    require(is_in_range, "seed: expected a whole number from 0 to 18446744073709551615");
    return value;
  }
};

}  // namespace limn::python

template <>
struct nanobind::detail::type_caster<limn::python::Seed> {
  NB_TYPE_CASTER(limn::python::Seed, const_name("int"))

  bool from_python(handle given, std::uint8_t, cleanup_list*) noexcept {
    PyObject* const number = PyNumber_Index(given.ptr());
    if (number == nullptr) {
      PyErr_Clear();
      return false;
    }
    value.value = PyLong_AsUnsignedLongLong(number);
    value.is_in_range = PyErr_Occurred() == nullptr;
    PyErr_Clear();
    Py_DECREF(number);
    return true;
  }
};
