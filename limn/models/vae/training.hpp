// Training of a VAE: its options and image data as a task of the trainer.
#pragma once

#include <memory>

#include "limn/image/dataset.hpp"
#include "limn/models/training.hpp"
#include "limn/models/vae/options.hpp"

namespace limn::models {

[[nodiscard]] std::unique_ptr<TrainingSetup> make_vae_setup();

// Weights are drawn from the seed; sizes that the options leave open follow from the data set, which is moved in.
// Throws Error where model and data do not fit, or if the data cannot fill a batch.
[[nodiscard]] std::unique_ptr<TrainingTask> make_vae_task(const VaeOptions& model,
                                                          const image::ImageDataOptions& data_options,
                                                          const TaskSetting& setting, image::ImageDataset data);

}  // namespace limn::models
