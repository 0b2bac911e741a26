// The sketches of a data set with fewer points (simplify.hpp), for the option `simplify`. Those of a folder of shards
// are simplified when they are asked for, so that memory holds one number for each of them.
#pragma once

#include <memory>
#include <string_view>

#include "limn/sketch/sketch_store.hpp"

namespace limn::sketch {

// A store of as many sketches. Goes through all of them. Throws Error beginning with `name` for a sketch whose
// positions are too large for float32.
[[nodiscard]] std::shared_ptr<const SketchStore> simplified(std::shared_ptr<const SketchStore> store, double epsilon,
                                                            std::string_view name);

}  // namespace limn::sketch
