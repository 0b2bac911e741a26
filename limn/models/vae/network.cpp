#include "limn/models/vae/network.hpp"

#include <algorithm>
#include <cassert>

#include "limn/kernels/threads/parallel.hpp"

namespace limn::models {
namespace {

// Floats of the largest activations of one group of images, 1 MB: what a second or third cache holds.
constexpr std::int64_t kGroupFloats = 1 << 18;
constexpr std::int64_t kLargestGroup = 128;

// Whether [C, H, W] and [H, W, C] are two orders.
bool has_two_orders(const image::ImageShape& shape) { return shape.channels > 1 && shape.height * shape.width > 1; }

VaeLayer reordering(VaeLayerKind kind, const image::ImageShape& shape) {
  return {.kind = kind, .name = {}, .input = shape, .output = shape};
}

}  // namespace

VaeNetwork::VaeNetwork(std::span<const VaeLayer> layers, kernels::Precision precision) : precision_(precision) {
  if (const image::ImageShape& in = layers.front().input; has_two_orders(in))
    append(reordering(VaeLayerKind::kUnflatten, in));
  for (const VaeLayer& layer : layers) append(layer);
  if (const image::ImageShape& out = layers.back().output; has_two_orders(out))
    append(reordering(VaeLayerKind::kFlatten, out));
}

void VaeNetwork::append(const VaeLayer& layer) {
  constexpr std::size_t kTensors = 2;  // weight and bias; γ and β; running mean and variance
  switch (layer.kind) {
    case VaeLayerKind::kRelu:
      return stages_.back().follow_by_activation(0);
    case VaeLayerKind::kLeakyRelu:
      return stages_.back().follow_by_activation(static_cast<float>(kLeakySlope));
    case VaeLayerKind::kBatchNorm:
      stages_.back().follow_by_norm(parameters_, buffers_);
      parameters_ += kTensors;
      buffers_ += kTensors;
      return;
    case VaeLayerKind::kFlatten:
    case VaeLayerKind::kUnflatten:
      if (has_two_orders(layer.kind == VaeLayerKind::kFlatten ? layer.input : layer.output))
        stages_.emplace_back(layer, parameters_);
      return;
    default:
      stages_.emplace_back(layer, parameters_);
      parameters_ += kTensors;
  }
}

void VaeNetwork::pack_for_drawing(kernels::Parameters parameters, kernels::Parameters buffers) {
  is_folded_ = true;
  for (VaeStage& stage : stages_) stage.pack_folded(parameters, buffers);
}

void VaeNetwork::apply(ConstMatrix in, Matrix out) const {
  assert(is_folded_ && in.columns == input_size() && out.columns == output_size() && in.rows == out.rows);
  std::int64_t largest = 1;
  for (const VaeStage& stage : stages_) largest = std::max(largest, stage.output_size());
  const std::int64_t group = std::clamp<std::int64_t>(kGroupFloats / largest, 1, kLargestGroup);
  kernels::parallel_for((in.rows + group - 1) / group, [&](std::int64_t task) {
    const VaeRows rows{.first = task * group, .count = std::min(group, in.rows - task * group)};
    Pass pass{.in = rows.of(in), .out = rows.of(out)};
    // Two buffers in turn: nothing is kept.
    for (int i = 0; i < 2; ++i) pass.outputs.emplace_back(static_cast<std::size_t>(rows.count * largest));
    kernels::GemmScratch scratch;
    forward(pass, {.first = 0, .count = rows.count}, scratch);
  });
}

void VaeNetwork::add_packing(kernels::Parameters parameters, bool goes_back, VaeTasks& tasks) {
  assert(!is_folded_ && parameters.size() == parameters_);
  values_ = parameters;
  for (std::size_t i = 0; i < stages_.size(); ++i)
    stages_[i].add_packing(parameters, goes_back || i > 0, precision_, tasks);
}

void VaeNetwork::start(Pass& pass, ConstMatrix in, Matrix out) const {
  assert(in.columns == input_size() && out.columns == output_size() && in.rows == out.rows);
  pass.in = in;
  pass.out = out;
  const std::size_t kept = stages_.size() - 1;
  pass.outputs.resize(kept);
  pass.gradients.resize(kept);
  pass.products.resize(kept);
  pass.statistics.resize(kept);
  for (std::size_t i = 0; i < kept; ++i) {
    const auto size = static_cast<std::size_t>(in.rows * stages_[i].output_size());
    pass.outputs[i].resize(size);
    pass.gradients[i].resize(size);
    if (stages_[i].has_norm()) pass.products[i].resize(size);
  }
}

template <class Buffers>
auto VaeNetwork::rows_of(Buffers& buffers, std::size_t stage, const VaeRows& rows) const {
  const std::int64_t size = stages_[stage].output_size();
  return MatrixView(buffers[stage % buffers.size()].data() + rows.first * size, rows.count, size);
}

Matrix VaeNetwork::output(Pass& pass, std::size_t stage, const VaeRows& rows) const {
  return stage + 1 == stages_.size() ? rows.of(pass.out) : rows_of(pass.outputs, stage, rows);
}

// The scratch memory of a stage's product: the thread's scratch, or nothing where the pool shares the product.
kernels::GemmScratch* VaeNetwork::own(kernels::GemmScratch& scratch) const {
  return is_folded_ || goes_in_parts() ? &scratch : nullptr;
}

void VaeNetwork::forward(Pass& pass, const VaeRows& rows, kernels::GemmScratch& scratch) const {
  assert(is_folded_ || goes_in_parts() || rows.count == pass.in.rows);
  ConstMatrix x = rows.of(pass.in);
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const Matrix y = output(pass, i, rows);
    if (normalises(i)) {
      const Matrix product = rows_of(pass.products, i, rows);
      stages_[i].multiply(x, product, own(scratch));
      pass.statistics[i] = stages_[i].normalise(values_, product, y);
    } else {
      stages_[i].multiply(x, y, own(scratch));
    }
    stages_[i].activate(y);
    x = y;
  }
}

void VaeNetwork::backward(Pass& pass, const VaeRows& rows, kernels::ParameterGradients gradients, Matrix d_in,
                          kernels::GemmScratch& scratch) const {
  for (std::size_t i = stages_.size(); i-- > 0;) {
    const Matrix d = i + 1 == stages_.size() ? rows.of(pass.out) : rows_of(pass.gradients, i, rows);
    if (i + 1 < stages_.size()) stages_[i].activate_back(rows_of(pass.outputs, i, rows), d);
    if (normalises(i))
      stages_[i].normalise_back(values_, rows_of(pass.products, i, rows), pass.statistics[i], d, gradients);
    const Matrix dx = i == 0 ? d_in : rows_of(pass.gradients, i - 1, rows);
    if (dx.data) stages_[i].multiply_back(d, dx, own(scratch));
  }
}

void VaeNetwork::add_gradients(const Pass& pass, kernels::ParameterGradients gradients, VaeTasks& tasks) const {
  const VaeRows all{.first = 0, .count = pass.in.rows};
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const ConstMatrix x = i == 0 ? pass.in : rows_of(pass.outputs, i - 1, all);
    const ConstMatrix d = i + 1 == stages_.size() ? ConstMatrix(pass.out) : rows_of(pass.gradients, i, all);
    stages_[i].add_gradients(x, d, precision_, gradients, tasks);
  }
}

void VaeNetwork::update_running(const Pass& pass, std::span<const std::span<float>> buffers) const {
  for (std::size_t i = 0; i < stages_.size(); ++i)
    if (normalises(i)) stages_[i].update_running(pass.statistics[i], buffers);
}

}  // namespace limn::models
