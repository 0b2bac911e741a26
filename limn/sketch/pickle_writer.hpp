// The pickle of an object array of sketches, as NumPy would write it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

// Protocol 2, its bytes spelt as latin-1 text, which NumPy under Python 2 and 3 reads with any `encoding`.
// The rows are int16 if all offsets of all sketches are integers of that range, else float32.
class SketchPickler {
 public:
  // `sketch` gives each of 0 … count - 1, the same every time it is asked. Looks at all of them, twice where some need
  // floats.
  SketchPickler(std::int64_t count, std::function<Sketch(std::int64_t)> sketch);

  // Bytes of the whole pickle.
  [[nodiscard]] std::size_t size() const { return size_; }
  // The pieces of the pickle in order, each of at most a thousand sketches, and then always "".
  [[nodiscard]] std::string next();

 private:
  [[nodiscard]] std::string beginning() const;
  // The size with rows of the kind that is assumed; a sketch that does not fit into int16 ends it.
  void measure();

  std::int64_t count_;
  std::function<Sketch(std::int64_t)> sketch_;
  bool as_int16_ = true;
  std::size_t size_ = 0;
  std::int64_t done_ = -1;  // sketches; before the beginning -1, after the end count_ + 1
};

}  // namespace limn::sketch
