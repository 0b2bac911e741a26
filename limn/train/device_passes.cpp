#include "limn/train/device_passes.hpp"

#include "limn/kernels/threads/parallel.hpp"
#include "limn/train/libtorch_module.hpp"
#include "limn/train/libtorch_values.hpp"

namespace limn::train {
namespace {

class DevicePasses final : public models::NetworkPasses {
 public:
  DevicePasses(const libtorch::Api& api, libtorch::Evaluator* evaluator)
      : api_(api), evaluator_(evaluator, api.evaluator_destroy) {}

  std::vector<float> posterior_rows(const models::PassBatch& batch, std::int64_t columns) override {
    const libtorch::StepBatch given = batch_of(batch, {});
    const std::int64_t drawings = batch.strokes != nullptr ? batch.strokes->batch_size() : batch.pixels.rows;
    std::vector<float> rows(static_cast<std::size_t>(drawings * columns));
    call_libtorch(api_.evaluator_posterior, evaluator_.get(), &given, rows.data(), std::ssize(rows));
    return rows;
  }
  std::vector<double> losses(const models::PassBatch& batch, ConstMatrix z, std::int64_t count) override {
    const libtorch::StepBatch given = batch_of(batch, z);
    std::vector<double> losses(static_cast<std::size_t>(count));
    call_libtorch(api_.evaluator_losses, evaluator_.get(), &given, losses.data(), count);
    return losses;
  }

 private:
  static libtorch::StepBatch batch_of(const models::PassBatch& batch, ConstMatrix z) {
    libtorch::StepBatch given = batch.strokes != nullptr ? step_batch(*batch.strokes) : libtorch::StepBatch{};
    given.pixels = float_rows(batch.pixels);
    given.noise = float_rows(z);
    given.loss_steps = batch.loss_steps;
    return given;
  }

  const libtorch::Api& api_;
  std::unique_ptr<libtorch::Evaluator, void (*)(libtorch::Evaluator*)> evaluator_;
};

}  // namespace

std::unique_ptr<models::NetworkPasses> make_device_passes(const models::Checkpoint& model, const std::string& device) {
  const libtorch::Api& api = load_libtorch_module("evaluation on " + device);
  call_libtorch(api.set_thread_count, std::int32_t{kernels::thread_count()});
  std::vector<libtorch::NamedTensor> tensors;
  for (const auto& [name, values] : model.weights)
    tensors.push_back({.name = name.c_str(), .shape = integers(model.shapes.at(name)), .values = values.data()});
  const libtorch::ModelSetting setting{.family = model.model.c_str(), .options = model.config.c_str()};
  libtorch::Evaluator* evaluator = nullptr;
  call_libtorch(api.evaluator_create, device.c_str(), &setting, list_of(tensors), &evaluator);
  return std::make_unique<DevicePasses>(api, evaluator);
}

std::unique_ptr<models::NetworkPasses> make_device_passes(const libtorch::Api& api, libtorch::Run* run,
                                                          libtorch::RunTensors which) {
  libtorch::Evaluator* evaluator = nullptr;
  call_libtorch(api.run_evaluator, run, std::int32_t{which}, &evaluator);
  return std::make_unique<DevicePasses>(api, evaluator);
}

}  // namespace limn::train
