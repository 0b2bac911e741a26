// Drawings as models give and take them: pen sketches or images. Values that own their memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limn/image/dataset.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::models {

enum class Content { kSketches, kImages };

// n drawings of one kind; the fields of the other kind are empty.
struct Drawings {
  Content content = Content::kSketches;
  std::vector<sketch::Sketch> sketches = {};  // in data units
  image::ImageShape shape = {};               // of every image
  std::vector<float> pixels = {};             // [n, C, H, W] in [0, 1]
  std::int64_t cut_short = 0;                 // of sketches that a model drew: how many its max_seq_len ended
  std::vector<std::string> labels = {};       // n names for people, or none
  std::vector<std::string> notes = {};        // of reading: what is otherwise than the files say, a line each

  [[nodiscard]] std::int64_t count() const {
    if (content == Content::kSketches) return static_cast<std::int64_t>(sketches.size());
    return shape.size() == 0 ? 0 : static_cast<std::int64_t>(pixels.size()) / shape.size();
  }
};

}  // namespace limn::models
