// Training of Sketch-RNN: its options and stroke data as a task of the trainer.
#pragma once

#include <memory>

#include "limn/models/sketch_rnn/options.hpp"
#include "limn/models/training.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn::models {

[[nodiscard]] std::unique_ptr<TrainingSetup> make_sketch_rnn_setup();

// Weights are drawn from the seed; the data set is moved in. Throws Error if the data cannot fill a batch.
[[nodiscard]] std::unique_ptr<TrainingTask> make_sketch_rnn_task(const SketchRnnOptions& model,
                                                                 const sketch::StrokeDataOptions& data_options,
                                                                 const TaskSetting& setting,
                                                                 sketch::StrokeDataset data);

}  // namespace limn::models
