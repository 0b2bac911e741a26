#include "limn/train/vae_task.hpp"

#include "limn/core/error.hpp"
#include "limn/nn/vae_module.hpp"
#include "limn/train/module_tensors.hpp"

namespace limn {
namespace {

std::string config_of(VaeOptions options) { return options_to_json(fields(options)); }

// The model's sizes as its data ask for them.
VaeOptions fitted(const VaeOptions& options, const ImageDataset& data) {
  const VaeOptions fitting = resolved(options, data.shape());
  require(image_shape(fitting) == data.shape(), "{}: its images are {}, the options ask for {}; leave image_channels, "
          "image_height and image_width out, or set image_size, center_crop or color of the data",
          data.name(), text(data.shape()), text(image_shape(fitting)));
  return fitting;
}

class VaeTask final : public ImageTask {
 public:
  VaeTask(const VaeOptions& model, const VaeTaskOptions& options, ImageDataset data)
      : ImageTask({.model = kVaeModel, .config = config_of(model), .data = options.data, .train = options.train},
                  std::move(data)),
        model_(model, seed(),
               options.train.precision == "bf16" ? kernels::Precision::kBFloat16 : kernels::Precision::kFloat32),
        whole_batch_(options.train.batch_size) {
    model_->train();
    set_tensors(parameters_of(*model_), buffers_of(*model_));
  }

  StepResult compute_gradients(std::int64_t step) override {
    ImageBatch batch = training_batch(step);
    const torch::Tensor pixels = torch::from_blob(batch.pixels.data(), {batch.batch_size(), model_->image_size()});
    const VaeLosses losses = model_->losses_and_gradients(pixels,
                                                          {.seed = seed(),
                                                           .step = static_cast<std::uint64_t>(step),
                                                           .numbers = share().places(whole_batch_)},
                                                          whole_batch_);
    return {.losses = {{"total", losses.total()},
                       {"reconstruction", losses.reconstruction},
                       {"kl", losses.kl},
                       {"beta", losses.beta / static_cast<double>(share().ranks)}},
            .indices = std::move(batch.indices)};
  }

 private:
  Vae model_;
  std::int64_t whole_batch_;
};

}  // namespace

std::vector<OptionField> fields(VaeTaskOptions& options) {
  auto all = fields(options.model);
  for (const auto& more : {fields(options.data), fields(options.train)}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::unique_ptr<Task> make_vae_task(const VaeTaskOptions& options, ImageDataset data) {
  const VaeOptions model = fitted(options.model, data);
  return std::make_unique<VaeTask>(model, options, std::move(data));
}

}  // namespace limn
