// A VAE and an image data set as a task of the trainer. Losses and gradients come from models/vae.hpp. No LibTorch in
// this header.
#pragma once

#include <memory>
#include <vector>

#include "limn/models/vae/options.hpp"
#include "limn/train/image_task.hpp"

namespace limn {

struct VaeTaskOptions {
  VaeOptions model;
  ImageDataOptions data;
  // Constant rate, no clipping: what the papers and tutorials do for VAEs.
  TrainOptions train{.num_steps = 50'000,
                     .batch_size = 128,
                     .decay_rate = 1,
                     .grad_clip_mode = "none",
                     .sample_every = 2500};
};
// All three structs' fields as one list: what --set, config.toml and checkpoints know.
[[nodiscard]] std::vector<OptionField> fields(VaeTaskOptions& options);

// Weights are drawn from the seed; sizes that the options leave open follow from the data set, which is moved in.
// Throws Error where model and data do not fit, or if the data cannot fill a batch.
[[nodiscard]] std::unique_ptr<Task> make_vae_task(const VaeTaskOptions& options, ImageDataset data);

}  // namespace limn
