#include "limn/models/vae/stage.hpp"

#include <algorithm>
#include <cassert>

#include "limn/kernels/threads/parallel.hpp"

namespace limn::models {
namespace {

using kernels::parallel_for;

// The fewest columns of the wide matrix that one task of a weight's gradient takes: below that it is mostly packing.
constexpr std::int64_t kGradientColumns = 128;
// Of one value that is moved, or that meets an activation.
constexpr double kOperationsPerValue = 4;

std::int64_t quotient_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

double values_of(ConstMatrix m) { return static_cast<double>(m.rows * m.columns); }

// Calls visit(row) for every row, on the pool if they are many values.
template <class Visit>
void for_each_row(ConstMatrix m, const Visit& visit) {
  parallel_for(
      m.rows, [&](std::int64_t r) { visit(r); }, kOperationsPerValue * values_of(m));
}

// Both in forms that compilers make vectors of: no product under a condition.
void scale_negative(float* values, std::int64_t count, float slope) {
  for (std::int64_t i = 0; i < count; ++i) values[i] = std::max(values[i], 0.0f) + slope * std::min(values[i], 0.0f);
}

void scale_where_negative(const float* signs, float* values, std::int64_t count, float slope) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float factor = signs[i] > 0.0f ? 1.0f : slope;
    values[i] = factor * values[i];
  }
}

void sum_columns(ConstMatrix d, std::span<float> out) {
  std::vector<double> sums(out.size());
  for (std::int64_t r = 0; r < d.rows; ++r) {
    const float* const row = d.row(r);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += row[i];
  }
  std::ranges::transform(sums, out.begin(), [](double sum) { return static_cast<float>(sum); });
}

// Block `i` of `blocks` of the gradient of a linear layer that met inputs x with output gradients d, cut along its
// longer side.
void gradient_block(ConstMatrix d, ConstMatrix x, Matrix out, std::int64_t i, std::int64_t blocks,
                    kernels::Precision precision) {
  const bool cuts_rows = d.columns > x.columns;
  const std::int64_t size = cuts_rows ? d.columns : x.columns;
  const std::int64_t first = size * i / blocks, count = size * (i + 1) / blocks - first;
  kernels::WeightGradient part{.a = x, .out = out};
  if (cuts_rows) {
    d = d.slice_columns(first, count);
    part.out = out.slice_rows(first, count);
  } else {
    part.a = x.slice_columns(first, count);
    part.out = out.slice_columns(first, count);
  }
  kernels::weight_gradients(d, std::span(&part, 1), false, precision);
}

}  // namespace

void run_tasks(VaeTasks tasks) {
  std::ranges::stable_sort(tasks, std::greater<>{}, &VaeTask::operations);
  parallel_for(std::ssize(tasks), [&](std::int64_t i) { tasks[static_cast<std::size_t>(i)].run(); });
}

std::int64_t task_count(std::int64_t size, std::int64_t least) {
  const std::int64_t most = quotient_up(size, least);
  return kernels::gemm_backend() == kernels::GemmBackend::kOneDnn
             ? most
             : std::min<std::int64_t>(most, kernels::thread_count());
}

bool VaeStage::is_convolution() const {
  return layer_.kind == VaeLayerKind::kConvolution || layer_.kind == VaeLayerKind::kTransposedConvolution;
}

bool VaeStage::has_weights() const { return layer_.kind == VaeLayerKind::kLinear || is_convolution(); }

void VaeStage::pack_forward(std::span<const float> weight, kernels::Precision precision) {
  const std::int64_t out = layer_.output.channels, in = layer_.input.channels;
  if (!is_convolution())
    forward_.pack(ConstMatrix(weight, out, in), kernels::WeightLayout::kOutputMajor, precision);
  else if (is_transposed())
    convolution_->pack_scatter(weight, precision);
  else
    convolution_->pack_gather(weight, precision);
}

void VaeStage::pack_backward(std::span<const float> weight, kernels::Precision precision) {
  const std::int64_t out = layer_.output.channels, in = layer_.input.channels;
  if (!is_convolution())
    backward_.pack(ConstMatrix(weight, out, in), kernels::WeightLayout::kInputMajor, precision);
  else if (is_transposed())
    convolution_->pack_gather(weight, precision);
  else
    convolution_->pack_scatter(weight, precision);
}

void VaeStage::pack_folded(kernels::Parameters parameters, kernels::Parameters buffers) {
  if (!has_weights()) return;
  const auto weight = parameters[parameter_], bias = parameters[parameter_ + 1];
  std::vector<float> values(weight.begin(), weight.end());
  bias_.assign(bias.begin(), bias.end());
  if (norm_) {
    const kernels::ChannelMap map = kernels::channel_map({.mean = buffers[norm_->buffer],
                                                          .variance = buffers[norm_->buffer + 1],
                                                          .gamma = parameters[norm_->parameter],
                                                          .beta = parameters[norm_->parameter + 1]});
    const std::size_t channels = bias_.size();
    for (std::size_t c = 0; c < channels; ++c) bias_[c] = map.scale[c] * bias_[c] + map.shift[c];
    // Output channels are the first dimension of a convolution's weights, the second of a transposed one's.
    const auto taps = static_cast<std::size_t>(layer_.kernel * layer_.kernel);
    const std::size_t each = is_transposed() ? taps : values.size() / channels;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] *= map.scale[i / each % channels];
  }
  if (is_convolution()) convolution_.emplace(convolution_shape(layer_));
  pack_forward(values, kernels::Precision::kFloat32);
}

void VaeStage::add_packing(kernels::Parameters parameters, bool goes_back, kernels::Precision precision,
                           VaeTasks& tasks) {
  if (!has_weights()) return;
  const auto weight = parameters[parameter_], bias = parameters[parameter_ + 1];
  bias_.assign(bias.begin(), bias.end());
  if (is_convolution() && !convolution_) convolution_.emplace(convolution_shape(layer_));
  const auto size = static_cast<double>(weight.size());
  tasks.push_back({size, [=, this] { pack_forward(weight, precision); }});
  if (goes_back) tasks.push_back({size, [=, this] { pack_backward(weight, precision); }});
}

void VaeStage::multiply(ConstMatrix x, Matrix y, kernels::GemmScratch* scratch) const {
  const ConstMatrix bias(bias_.data(), y.rows, y.columns, 0);
  switch (layer_.kind) {
    case VaeLayerKind::kFlatten:
      return for_each_row(x, [&](std::int64_t r) {
        kernels::to_channels_first(x.slice_rows(r, 1), layer_.input.channels, y.slice_rows(r, 1));
      });
    case VaeLayerKind::kUnflatten:
      return for_each_row(x, [&](std::int64_t r) {
        kernels::to_channels_last(x.slice_rows(r, 1), layer_.output.channels, y.slice_rows(r, 1));
      });
    case VaeLayerKind::kConvolution:
      return convolution_->gather(x, bias_, y);
    case VaeLayerKind::kTransposedConvolution:
      return convolution_->scatter(x, bias_, y);
    default:
      if (scratch) return forward_.multiply(x, bias, y, *scratch);
      return kernels::multiply_parallel(forward_, x, bias, y);
  }
}

void VaeStage::multiply_back(ConstMatrix d, Matrix dx, kernels::GemmScratch* scratch) const {
  switch (layer_.kind) {
    case VaeLayerKind::kFlatten:
      return for_each_row(d, [&](std::int64_t r) {
        kernels::to_channels_last(d.slice_rows(r, 1), layer_.input.channels, dx.slice_rows(r, 1));
      });
    case VaeLayerKind::kUnflatten:
      return for_each_row(d, [&](std::int64_t r) {
        kernels::to_channels_first(d.slice_rows(r, 1), layer_.output.channels, dx.slice_rows(r, 1));
      });
    case VaeLayerKind::kConvolution:
      return convolution_->scatter(d, {}, dx);
    case VaeLayerKind::kTransposedConvolution:
      return convolution_->gather(d, {}, dx);
    default:
      if (scratch) return backward_.multiply(d, {}, dx, *scratch);
      return kernels::multiply_parallel(backward_, d, {}, dx);
  }
}

kernels::BatchStatistics VaeStage::normalise(kernels::Parameters parameters, ConstMatrix product, Matrix y) const {
  kernels::BatchStatistics statistics = kernels::batch_statistics(pixels(product));
  const kernels::ChannelMap map = kernels::channel_map({.mean = statistics.mean,
                                                        .variance = statistics.variance,
                                                        .gamma = parameters[norm_->parameter],
                                                        .beta = parameters[norm_->parameter + 1]});
  kernels::apply(map, pixels(product), pixels(y));
  return statistics;
}

void VaeStage::normalise_back(kernels::Parameters parameters, ConstMatrix product,
                              const kernels::BatchStatistics& statistics, Matrix d,
                              kernels::ParameterGradients gradients) const {
  kernels::batch_norm_backward({.x = pixels(product),
                                .statistics = statistics,
                                .gamma = parameters[norm_->parameter],
                                .d = pixels(d),
                                .d_gamma = gradients[norm_->parameter],
                                .d_beta = gradients[norm_->parameter + 1]});
}

void VaeStage::update_running(const kernels::BatchStatistics& statistics,
                              std::span<const std::span<float>> buffers) const {
  kernels::update_running(statistics, buffers[norm_->buffer], buffers[norm_->buffer + 1]);
}

void VaeStage::activate(Matrix y) const {
  if (negative_slope_ == 1) return;
  for_each_row(y, [&](std::int64_t r) { scale_negative(y.row(r), y.columns, negative_slope_); });
}

void VaeStage::activate_back(ConstMatrix y, Matrix d) const {
  if (negative_slope_ == 1) return;
  for_each_row(y, [&](std::int64_t r) { scale_where_negative(y.row(r), d.row(r), d.columns, negative_slope_); });
}

void VaeStage::add_gradients(ConstMatrix x, ConstMatrix d, kernels::Precision precision,
                             kernels::ParameterGradients gradients, VaeTasks& tasks) const {
  if (!has_weights()) return;
  const std::span<float> weight = gradients[parameter_], bias = gradients[parameter_ + 1];
  if (is_convolution()) {
    const ConstMatrix &large = is_transposed() ? d : x, &small = is_transposed() ? x : d;
    convolution_->weight_gradient(large, small, weight, precision);
  } else {
    const std::int64_t blocks = task_count(std::max(d.columns, x.columns), kGradientColumns);
    const double operations = kernels::product_operations(d.rows, d.columns, x.columns) / static_cast<double>(blocks);
    for (std::int64_t i = 0; i < blocks; ++i)
      tasks.push_back(
          {operations, [=] { gradient_block(d, x, Matrix(weight, d.columns, x.columns), i, blocks, precision); }});
  }
  // A normalisation takes the bias away again: what would be summed is rounding.
  if (norm_)
    std::ranges::fill(bias, 0.0f);
  else
    tasks.push_back({values_of(d), [this, d, bias] { sum_columns(pixels(d), bias); }});
}

}  // namespace limn::models
