#include "app/sketch_input.hpp"

#include <cmath>

#include "limn/core/error.hpp"
#include "limn/sketch/sketch_file.hpp"

namespace limn::app {

std::vector<Sketch> sketches_for(const SketchRnnGenerator& generator, const std::vector<std::string>& references,
                                 std::size_t limit) {
  std::vector<Sketch> all;
  for (const auto& text : references) {
    if (all.size() == limit) return all;
    const SketchReadOptions options{.max_sketches = static_cast<std::int64_t>(limit - all.size())};
    for (const auto& sketch : read_sketches(parse_sketch_reference(text), options)) {
      require(!sketch.points.empty(), "{}: holds a sketch without points; choose another with FILE#N", text);
      all.push_back(generator.normalised(sketch));
    }
  }
  return all;
}

Sketch sketch_for(const SketchRnnGenerator& generator, const std::string& reference) {
  return sketches_for(generator, {reference}, 1).front();
}

}  // namespace limn::app
