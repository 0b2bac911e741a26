// What the tasks of all models that draw images share (VAE, DRAW): data, checkpoints, validation and sample pictures,
// the last two through generate/image_model.hpp on the weights as they are. A family adds its losses and gradients.
// No LibTorch in this header.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "limn/models/image_model.hpp"
#include "limn/image/dataset.hpp"
#include "limn/train/options.hpp"
#include "limn/train/task.hpp"

namespace limn {

class ImageTask : public Task {
 public:
  struct Setup {
    std::string model;        // "vae" or "draw"
    std::string config;       // JSON of the model's options, sizes resolved
    ImageDataOptions data;
    TrainOptions train;
  };
  // Throws Error if the data cannot fill a batch.
  ImageTask(Setup setup, ImageDataset data);

  [[nodiscard]] std::span<const TaskParameter> parameters() const override { return parameters_; }
  [[nodiscard]] std::span<const TaskParameter> buffers() const override { return buffers_; }
  [[nodiscard]] Metrics evaluate(Split split, std::int64_t step) override;
  void write_checkpoint(const std::filesystem::path& path, std::int64_t step, const Metrics& metrics) override;
  // Originals, their reconstructions and new images, one row each pair of the sheet; the same images and noise every
  // time, so that pictures compare.
  std::vector<std::filesystem::path> draw_samples(const std::filesystem::path& stem, std::int64_t step) override;
  // Latent means and draws, and the pixels decoded from the draws.
  [[nodiscard]] std::vector<LayerOutput> layer_outputs(std::int64_t step) override;
  [[nodiscard]] std::int64_t steps_per_epoch() const override;

 protected:
  // For the family's constructor, once its module stands.
  void set_tensors(std::vector<TaskParameter> parameters, std::vector<TaskParameter> buffers);
  [[nodiscard]] ImageBatch training_batch(std::int64_t step);
  [[nodiscard]] const ImageDataset& data() const { return data_; }
  // The model with the weights as they are.
  [[nodiscard]] ImageCheckpoint checkpoint(std::int64_t step, const Metrics& metrics) const;
  // The first `count` images of the validation split, or of the training split where that is empty.
  [[nodiscard]] ImageBatch held_out(std::int64_t count) const;
  [[nodiscard]] std::uint64_t seed() const { return static_cast<std::uint64_t>(setup_.train.seed); }

 private:
  Setup setup_;
  ImageDataset data_;
  EpochPlan plan_;
  std::vector<TaskParameter> parameters_;
  std::vector<TaskParameter> buffers_;
};

}  // namespace limn
