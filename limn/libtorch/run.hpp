// A model in training on one device. Parameters and buffers are views of one row of memory, and so are the gradients
// and Adam's moments, so that clipping, Adam and the average are a few operations whatever the number of tensors.
// Everything stays on the device. No step waits for it: whether a step is finite, and so is applied, is decided there.
#pragma once

#include <functional>
#include <vector>

#include "limn/libtorch/border.hpp"
#include "limn/libtorch/oracle/cells.hpp"
#include "limn/libtorch/torch.hpp"

namespace limn::libtorch {

// Scalars; parts of those of the whole batch where there are several processes.
struct Losses {
  torch::Tensor total, reconstruction, kl;
};

// Adds a tensor of the run's device up over the processes, in place; empty for one process.
using SumOverAll = std::function<void(torch::Tensor&)>;

// The inputs of a model's losses besides the batch.
struct ModelState {
  const oracle::Parameters& parameters;
  const oracle::Parameters& buffers;
  torch::Device device;
  std::int64_t whole_batch;
  const SumOverAll& sum;
};
using LossFunction = std::function<Losses(const ModelState&, const StepBatch&)>;
// Of a family with the options of a checkpoint. Throws Error for what is neither.
[[nodiscard]] LossFunction loss_function(const ModelSetting& model);

// A model on a device, without gradients: the passes of an evaluation (models/network_passes.hpp).
struct Evaluator {
  torch::Device device;
  oracle::Parameters tensors;  // parameters and buffers
  // Of models with a posterior that depends on the drawing alone: its rows. Throws Error for others.
  std::function<torch::Tensor(const Evaluator&, const StepBatch&)> posterior = {};
  std::function<torch::Tensor(const Evaluator&, const StepBatch&)> losses = {};
};
// With the passes of a family, and without tensors. Throws as loss_function() does.
[[nodiscard]] Evaluator evaluator_of(const ModelSetting& model, const torch::Device& device);
// Of sums that say or decide something: float64 where the device has it.
[[nodiscard]] torch::Dtype precise_type(const torch::Device& device);

// Copies of the caller's tensors by name, on the CPU.
[[nodiscard]] oracle::Parameters copies_of(const NamedTensors& tensors);
[[nodiscard]] std::vector<std::int64_t> vector_of(const Integers& integers);

// Throws Error where LibTorch does not know the device or has none.
[[nodiscard]] torch::Device device_named(const std::string& name);
// All that LibTorch can use here, the best first.
[[nodiscard]] std::vector<std::string> device_names();

// Fill in the functions of Api that begin with run_, evaluator_ or decoder_, and the single operations.
void add_runs(Api& api);
void add_decoder(Api& api);
void add_operations(Api& api);
void add_devices(Api& api);
void add_counts(Api& api);
void add_evaluators(Api& api);

}  // namespace limn::libtorch
