// A small model some of whose drawings are blank.
#pragma once

#include <algorithm>

#include "limn/models/sketch_rnn/drawing.hpp"
#include "models/sketch_rnn/tiny_model.hpp"

namespace limn::testing {

// Its pen lifts often, so that some drawings are dots. More `end` makes drawings shorter.
inline models::SketchRnnModel dotted_model(bool conditional, float end) {
  models::SketchRnnContents contents = tiny_checkpoint(conditional);
  contents.weights["decoder.output.bias"][1] += 2.0F;
  contents.weights["decoder.output.bias"][2] += end;
  return models::SketchRnnModel(contents);
}

inline std::int64_t blanks(const models::Drawings& drawings) {
  return std::ranges::count_if(drawings.sketches, sketch::is_blank);
}

}  // namespace limn::testing
