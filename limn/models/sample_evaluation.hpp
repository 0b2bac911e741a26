// Figures of the new drawings of a model: how many failed, and how they lie among the drawings of a data set. What
// drawings are compared by, and why by that: docs/papers/new-drawings.md. Values and plain functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "limn/core/split.hpp"
#include "limn/models/manifold_figures.hpp"
#include "limn/models/model.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::models {

// More of each side are not compared: it takes time and memory with their square.
inline constexpr std::int64_t kMostCompared = 2000;

struct SampleRequest {
  std::vector<std::string> data = {};
  Split split = Split::kTest;
  std::int64_t count = 500;     // new drawings
  DrawingOptions drawing = {};  // they are those of Model::draw() with these options
  std::string absolute = "auto";
  std::string damaged = {};
};

struct SampleEvaluation {
  std::int64_t count = 0;      // new drawings
  std::int64_t blank = 0;      // of them
  std::int64_t cut_short = 0;  // of them: they ran into the model's max_seq_len
  std::int64_t compared = 0;   // of each side
  ManifoldFigures figures;
};

// The figures of as many `generated` drawings as `real` ones, by sketch::ink_distance(). Runs on the pool of
// kernels/threads/parallel.hpp. Throws Error for fewer than kFewestCompared.
[[nodiscard]] ManifoldFigures compare_sketches(std::span<const sketch::Sketch> real,
                                               std::span<const sketch::Sketch> generated);

}  // namespace limn::models
