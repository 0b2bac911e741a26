// limn.Drawing: a sketch as a Python object, and sketches as Python gives them.
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <vector>

#include "limn/sketch/sketch.hpp"

namespace limn::python {

namespace nb = nanobind;

struct Drawing {
  sketch::Sketch sketch;  // in data units

  friend bool operator==(const Drawing&, const Drawing&) = default;
};

// An array of n x 3, 4 or 5 numbers as the files of strokes have them (sketch/stroke_arrays.hpp). Throws Error.
[[nodiscard]] sketch::Sketch sketch_of_rows(nb::handle rows);
// A Drawing or such an array.
[[nodiscard]] sketch::Sketch sketch_of(nb::handle drawing);
// One of these, or a list of them.
[[nodiscard]] std::vector<sketch::Sketch> sketches_of(nb::handle drawings);

[[nodiscard]] std::vector<Drawing> as_drawings(std::vector<sketch::Sketch> sketches);

void add_drawing(nb::module_& module);

}  // namespace limn::python
