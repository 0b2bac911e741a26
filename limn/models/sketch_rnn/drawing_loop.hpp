// The drawing loop of Sketch-RNN: rows that read their prefixes and then draw, one point a step, all in one product.
// Rows join and leave at any step. Drawing many sketches at once and drawing point by point for a page are both this
// loop. Belongs to one thread at a time; the decoder and what the requests point to must outlive the rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/core/random.hpp"
#include "limn/models/sketch_model.hpp"
#include "limn/models/sketch_rnn/decoder.hpp"

namespace limn::models {

class DrawingLoop {
 public:
  // A drawing that joins: its number in what step() reports, and how many points it may have in all.
  struct Row {
    std::size_t drawing = 0;
    const DrawRequest* request = nullptr;
    std::int64_t max_points = 0;  // more than the prefix has
  };
  struct Ended {
    std::size_t drawing = 0;
    bool is_finished = false;  // the model said end
  };

  explicit DrawingLoop(const SketchRnnDecoder& decoder) : decoder_(decoder) {}

  void add(std::span<const Row> rows);
  // One point for every row: of its prefix, or drawn. Appends drawn points and drawings that ended.
  void step(std::vector<NewPoint>& points, std::vector<Ended>& ended);
  [[nodiscard]] std::size_t size() const { return rows_.size(); }

 private:
  struct Growing {
    Row row;
    RandomStream random;
    std::int64_t points = 0;  // read or drawn so far
  };

  const SketchRnnDecoder& decoder_;
  std::vector<Growing> rows_;
  DecoderRows decoder_rows_;
  std::vector<float> x_;            // [rows, 5], to be read next
  std::vector<float> y_;            // [rows, 3 + 6M]
  std::vector<std::int64_t> kept_;  // scratch
  kernels::GemmScratch scratch_;
};

}  // namespace limn::models
