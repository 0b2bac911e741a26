// The pickle of an object array of sketches, as NumPy would write it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

// Protocol 2, its bytes spelt as latin-1 text, which NumPy under Python 2 and 3 reads with any `encoding`.
// The rows are int16 if all offsets of all sketches are integers of that range, else float32.
class SketchPickler {
 public:
  // `sketch` gives each of 0 … count - 1, the same every time it is asked. Looks at all of them.
  SketchPickler(std::int64_t count, std::function<Sketch(std::int64_t)> sketch);

  // The pieces of the pickle in order, each of at most a thousand sketches, and then always "".
  [[nodiscard]] std::string next();

 private:
  [[nodiscard]] std::string beginning() const;

  std::int64_t count_;
  std::function<Sketch(std::int64_t)> sketch_;
  bool as_int16_ = true;
  std::int64_t done_ = -1;  // sketches; before the beginning -1, after the end count_ + 1
};

}  // namespace limn::sketch
