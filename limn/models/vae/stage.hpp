// One stage of a VAE's network: a linear layer or a convolution with the batch normalisation and activation that follow
// it, or a change of the order of an image's values. A matrix has one row for each image. Inside the network an image
// is [H, W, C]: a row of a product is a pixel, its columns are the channels. A packed stage is immutable, so any number
// of threads may use one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/kernels/images/batch_norm.hpp"
#include "limn/kernels/images/convolution.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/models/vae/tensors.hpp"

namespace limn::models {

// Work that does not depend on the order in which it is done.
struct VaeTask {
  double operations = 0;
  std::function<void()> run;
};
using VaeTasks = std::vector<VaeTask>;
// Runs all on the pool, the largest first.
void run_tasks(VaeTasks tasks);

// Into how many tasks `size` rows or columns are cut, each of `least` or more: few large ones for few threads. With
// oneDNN the cut decides the last bits, so there it does not follow the threads.
[[nodiscard]] std::int64_t task_count(std::int64_t size, std::int64_t least);

class VaeStage {
 public:
  // Of a linear layer, a convolution, kFlatten ([H, W, C] to [C, H, W]) or kUnflatten (back). The first of its tensors
  // is number `parameter` of the network's.
  VaeStage(const VaeLayer& layer, std::size_t parameter) : layer_(layer), parameter_(parameter) {}
  // The batch normalisation after the product: its γ is number `parameter`, its running mean buffer number `buffer`.
  void follow_by_norm(std::size_t parameter, std::size_t buffer) { norm_ = {parameter, buffer}; }
  void follow_by_activation(float negative_slope) { negative_slope_ = negative_slope; }

  [[nodiscard]] std::int64_t input_size() const { return layer_.input.size(); }
  [[nodiscard]] std::int64_t output_size() const { return layer_.output.size(); }
  [[nodiscard]] bool has_weights() const;
  [[nodiscard]] bool has_norm() const { return norm_.has_value(); }

  // For drawing: the normalisation by the running statistics is folded into the weights. apply() is then all.
  void pack_folded(kernels::Parameters parameters, kernels::Parameters buffers);
  // For training: the weights for multiply() and, where `goes_back`, for multiply_back().
  void add_packing(kernels::Parameters parameters, bool goes_back, kernels::Precision precision, VaeTasks& tasks);

  // x [n, input size] → y [n, output size], without normalisation and activation. With `scratch` a linear layer works
  // on the calling thread alone.
  void multiply(ConstMatrix x, Matrix y, kernels::GemmScratch* scratch) const;
  // dL/dy → dL/dx.
  void multiply_back(ConstMatrix d, Matrix dx, kernels::GemmScratch* scratch) const;
  // y = product normalised by its own statistics, which are returned.
  [[nodiscard]] kernels::BatchStatistics normalise(kernels::Parameters parameters, ConstMatrix product, Matrix y) const;
  // d = dL/dy of normalise() is replaced by dL/dproduct; the gradients of γ and β are overwritten.
  void normalise_back(kernels::Parameters parameters, ConstMatrix product, const kernels::BatchStatistics& statistics,
                      Matrix d, kernels::ParameterGradients gradients) const;
  void update_running(const kernels::BatchStatistics& statistics, std::span<const std::span<float>> buffers) const;
  void activate(Matrix y) const;
  // d = dL/dy is replaced by the gradient with respect to what activate() changed into y.
  void activate_back(ConstMatrix y, Matrix d) const;

  // The gradients of weight and bias for inputs x and d = dL/dproduct, both of the whole batch: those of a convolution
  // at once, those of a linear layer by `tasks`.
  void add_gradients(ConstMatrix x, ConstMatrix d, kernels::Precision precision, kernels::ParameterGradients gradients,
                     VaeTasks& tasks) const;

 private:
  struct Norm {
    std::size_t parameter, buffer;
  };
  void pack_forward(std::span<const float> weight, kernels::Precision precision);
  void pack_backward(std::span<const float> weight, kernels::Precision precision);
  // Rows of images as rows of pixels.
  template <class T>
  [[nodiscard]] MatrixView<T> pixels(MatrixView<T> images) const {
    return {images.data, images.rows * layer_.output.height * layer_.output.width, layer_.output.channels};
  }
  [[nodiscard]] bool is_convolution() const;
  [[nodiscard]] bool is_transposed() const { return layer_.kind == VaeLayerKind::kTransposedConvolution; }

  VaeLayer layer_;
  std::size_t parameter_;
  std::optional<Norm> norm_;
  float negative_slope_ = 1;  // what a value below 0 is multiplied by: 1 no activation, 0 ReLU
  std::vector<float> bias_;
  kernels::PackedWeights forward_, backward_;        // of a linear layer
  std::optional<kernels::Convolution> convolution_;  // of either kind
};

}  // namespace limn::models
