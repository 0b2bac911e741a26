// The pickle of an object array of sketches, as NumPy would write it.
#pragma once

#include <span>
#include <string>

#include "limn/sketch/sketch.hpp"

namespace limn {

// Protocol 2, its bytes spelt as latin-1 text, which NumPy under Python 2 and 3 reads with any `encoding`.
// The rows are int16 if all offsets of all sketches are integers of that range, else float32.
[[nodiscard]] std::string pickle_sketches(std::span<const Sketch> sketches);

}  // namespace limn
