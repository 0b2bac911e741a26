// Which rows of a batch count how much in a Sketch-RNN's losses: the forms that Magenta, labml and Keras ports train
// with (docs/papers/sketch-rnn.md "Losses"). A value; one thread at a time.
#pragma once

#include <cstdint>

#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/models/sketch_rnn/options.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn::models {

class LossRows {
 public:
  explicit LossRows(const SketchRnnOptions& options) : options_(options) {}

  // The rows that the decoder reads for the training loss: `batch`, or one with end rows up to `steps` rows of every
  // sketch where the pen loss goes over the padding. `batch` must live as long as what is returned.
  [[nodiscard]] const sketch::StrokeBatch& rows_of(const sketch::StrokeBatch& batch, std::int64_t steps);
  // The terms of the training loss for those rows; valid until the next call.
  [[nodiscard]] kernels::MixtureDensityTerms terms_of(const sketch::StrokeBatch& rows);

 private:
  SketchRnnOptions options_;
  sketch::StrokeBatch padded_;
  kernels::MatrixBuffer weights_;  // [R, 2]
};

}  // namespace limn::models
