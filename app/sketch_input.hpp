// Sketches named on the command line: FILE, FILE#17 (counted from 0) or FILE:test#17.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::app {

// The sketches that the references name, at most `limit` in all (a FILE without # gives its first ones), normalised
// for the model. Throws Error for a file, split or number that is not there.
[[nodiscard]] std::vector<Sketch> sketches_for(const SketchRnnGenerator& generator,
                                               const std::vector<std::string>& references, std::size_t limit);
// One sketch; FILE alone gives its first.
[[nodiscard]] Sketch sketch_for(const SketchRnnGenerator& generator, const std::string& reference);

}  // namespace limn::app
