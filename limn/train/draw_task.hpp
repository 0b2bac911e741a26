// DRAW and an image data set as a task of the trainer. Losses and gradients come straight from
// kernels/draw_sequence.hpp, without LibTorch.
#pragma once

#include <memory>
#include <vector>

#include "limn/models/draw/options.hpp"
#include "limn/train/image_task.hpp"

namespace limn {

struct DrawTaskOptions {
  DrawOptions model;
  // A Bernoulli's pixels are 0 or 1: each is drawn once, as in the benchmark that published bounds are of.
  ImageDataOptions data{.binarize = "fixed"};
  TrainOptions train{.num_steps = 50'000,
                     .decay_rate = 1,
                     .adam_beta1 = 0.5,
                     .grad_clip = 5,
                     .grad_clip_mode = "norm"};
};
// All three structs' fields as one list: what --set, config.toml and checkpoints know.
[[nodiscard]] std::vector<OptionField> fields(DrawTaskOptions& options);

// Weights are drawn from the seed; sizes that the options leave open follow from the data set, which is moved in.
// Throws Error where model and data do not fit, or if the data cannot fill a batch.
[[nodiscard]] std::unique_ptr<Task> make_draw_task(const DrawTaskOptions& options, ImageDataset data);

}  // namespace limn
