// Several drawings that grow together, point by point: the endings of one beginning, or drawings from several
// latent vectors. One product a step serves all of them, so nine cost little more than one. Belongs to one
// thread at a time and needs its generator to outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "limn/models/sketch_rnn/drawing.hpp"

namespace limn::serve {

struct EndingRequest {
  std::vector<float> z = {};  // [Z]; empty for an unconditional model
  PointChoice choice = {};
  std::uint64_t seed = 0;
  std::uint64_t index = 0;
};

class GrowingDrawings {
 public:
  struct NewPoint {
    std::size_t drawing = 0;
    StrokePoint point;
  };

  // `beginning` is what all have already; max_points counts it.
  GrowingDrawings(const SketchRnnGenerator& generator, std::vector<StrokePoint> beginning,
                  std::vector<EndingRequest> requests, std::int64_t max_points);

  // One step: reads a point of the beginning, or draws one of every drawing that has not ended. Appends what
  // is new. Throws Error if the model has diverged.
  void step(std::vector<NewPoint>& points);
  [[nodiscard]] bool is_done() const { return rows_.empty(); }
  [[nodiscard]] bool has_ended(std::size_t drawing) const { return state_[drawing] != State::kGrowing; }
  // The model said so; else the points ran out.
  [[nodiscard]] bool is_finished(std::size_t drawing) const { return state_[drawing] == State::kFinished; }
  [[nodiscard]] std::size_t size() const { return requests_.size(); }

 private:
  enum class State { kGrowing, kFinished, kCut };
  void read_beginning();
  void spread();
  void draw_points(std::vector<NewPoint>& points);

  const SketchRnnGenerator& generator_;
  std::vector<StrokePoint> beginning_;
  std::vector<EndingRequest> requests_;
  std::int64_t max_points_;
  std::int64_t points_ = 0;        // read or drawn so far
  std::vector<std::size_t> rows_;  // the drawing of each row that is still growing
  std::vector<State> state_;
  std::vector<RandomStream> random_;  // of each drawing
  DecoderRows decoder_rows_;
  std::vector<float> x_;  // [rows, 5], to be read next
  std::vector<float> y_;  // [rows, 3 + 6M]
  kernels::GemmScratch scratch_;
};

}  // namespace limn::serve
