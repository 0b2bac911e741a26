// Sketch-RNN and a stroke data set as a task of the trainer. Losses and gradients come from models/sketch_rnn.hpp;
// validation and sample pictures from generate, on the same weights. No LibTorch in this header.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "limn/models/sketch_rnn/options.hpp"
#include "limn/sketch/dataset.hpp"
#include "limn/train/options.hpp"
#include "limn/train/task.hpp"

namespace limn {

struct SketchRnnTaskOptions {
  SketchRnnOptions model;
  StrokeDataOptions data;
  TrainOptions train;
};
// All three structs' fields as one list: what --set, config.toml and checkpoints know.
[[nodiscard]] std::vector<OptionField> fields(SketchRnnTaskOptions& options);

// Weights are drawn from the seed; the data set is moved in. Throws Error if the data cannot fill a batch.
[[nodiscard]] std::unique_ptr<Task> make_sketch_rnn_task(const SketchRnnTaskOptions& options, StrokeDataset data);

}  // namespace limn
