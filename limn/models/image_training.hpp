// The tasks of all models that draw images share this: data, checkpoints, validation and sample drawings, the last two
// by image_model.hpp on the weights as they are. A family adds its losses and gradients.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "limn/image/dataset.hpp"
#include "limn/models/image_model.hpp"
#include "limn/models/training.hpp"

namespace limn::models {

// Throws Error unless the data's images have that shape.
void require_fitting(const image::ImageDataset& data, const image::ImageShape& wanted);

class ImageTask : public TrainingTask {
 public:
  struct Setup {
    std::string model;   // the family's name
    std::string config;  // JSON of the model's options, sizes resolved
    image::ImageDataOptions data;
    TaskSetting setting;
    std::vector<kernels::ParameterSpec> parameters;
    std::vector<kernels::ParameterSpec> buffers;
    std::unique_ptr<ImageModel> (*make_model)(Checkpoint) = nullptr;
  };
  // Throws Error if the data cannot fill a batch. The family fills the tensors with their initial values.
  ImageTask(Setup setup, image::ImageDataset data);

  [[nodiscard]] std::span<const TaskParameter> parameters() const override { return parameters_.tensors(); }
  [[nodiscard]] std::span<const TaskParameter> buffers() const override { return buffers_.tensors(); }
  [[nodiscard]] Metrics evaluate(Split split, std::int64_t step, const Judging& judging) override;
  [[nodiscard]] Checkpoint checkpoint(std::int64_t step, const Metrics& metrics) const override;
  // Originals, their reconstructions and new images.
  [[nodiscard]] SampleDrawings sample_drawings(std::int64_t step) override;
  [[nodiscard]] std::vector<SampleGrid> sample_grids(std::int64_t step, std::int64_t count) override;
  // Latent means and draws, and the pixels decoded from the draws.
  [[nodiscard]] std::vector<LayerOutput> layer_outputs(std::int64_t step) override;
  [[nodiscard]] std::int64_t steps_per_epoch() const override;
  [[nodiscard]] std::string data_fingerprint() const override { return data_.fingerprint(); }
  [[nodiscard]] std::string remark() const override;

 protected:
  [[nodiscard]] image::ImageBatch training_batch(std::int64_t step);
  // That batch with `z_size` numbers of noise for each image.
  [[nodiscard]] StepInput image_input(std::int64_t step, std::int64_t z_size);
  [[nodiscard]] const image::ImageDataset& data() const { return data_; }
  [[nodiscard]] const TrainedTensors& trained() const { return parameters_; }
  [[nodiscard]] const TrainedTensors& running() const { return buffers_; }
  [[nodiscard]] std::optional<FittedPrior> fit_prior(const Checkpoint& checkpoint) override;
  // The model with the weights as they are, and its prior.
  [[nodiscard]] std::unique_ptr<ImageModel> model_with_prior(std::int64_t step);
  // The model with the weights as they are.
  [[nodiscard]] std::unique_ptr<ImageModel> model(std::int64_t step) const;
  [[nodiscard]] Drawings images(std::vector<float> pixels) const;
  // The first `count` images of the validation split, or of the training split where that is empty.
  [[nodiscard]] image::ImageBatch held_out(std::int64_t count) const;
  [[nodiscard]] const TaskSetting& setting() const { return setup_.setting; }

 private:
  Setup setup_;
  image::ImageDataset data_;
  EpochPlan plan_;
  TrainedTensors parameters_, buffers_;
};

// The model's options with the sizes of the data. Throws Error where they ask for others.
template <class Options>
[[nodiscard]] Options fitted(const Options& options, const image::ImageDataset& data) {
  const Options fitting = resolved(options, data.shape());
  require_fitting(data, image_shape(fitting));
  return fitting;
}

// Options of a model that draws images, and of its data.
template <class Options>
class ImageSetup final : public TrainingSetup {
 public:
  using MakeTask = std::unique_ptr<TrainingTask> (*)(const Options&, const image::ImageDataOptions&, const TaskSetting&,
                                                     image::ImageDataset);
  ImageSetup(MakeTask make_task, image::ImageDataOptions data) : make_task_(make_task), data_(std::move(data)) {}

  std::vector<OptionField> fields() override {
    using image::fields;  // their own namespace has those of the model's options
    auto all = fields(model_);
    for (auto& field : fields(data_)) all.push_back(std::move(field));
    return all;
  }
  std::unique_ptr<TrainingTask> load(std::span<const std::string> paths, const TaskSetting& setting) override {
    TaskSetting with_data = setting;
    with_data.data.assign(paths.begin(), paths.end());
    return make_task_(model_, data_, with_data, image::ImageDataset::load(paths, data_));
  }

 private:
  MakeTask make_task_;
  Options model_;
  image::ImageDataOptions data_;
};

}  // namespace limn::models
