// Convolutions of small images as matrix products (im2col), forward and backward, plain and transposed.
// Images are [H, W, C]: a row of a product is a pixel, its columns are the channels. A transposed convolution is the
// adjoint of a plain one, so both are three maps between the larger images and the smaller ones:
//   gather   small = im2col(large) · Wᵀ    a convolution; the gradient of a transposed one's input
//   scatter  large = col2im(small · W)     a transposed convolution; the gradient of a plain one's input
//   weights  dW = Σ smallᵀ · im2col(large)  the gradient of either
// Groups of images are divided over the pool of parallel.hpp; results do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/kernels/products/gemm.hpp"

namespace limn::kernels {

struct ConvolutionShape {
  std::int64_t large_height = 0, large_width = 0, large_channels = 0;
  std::int64_t small_height = 0, small_width = 0, small_channels = 0;
  std::int64_t kernel = 1;  // side, pixels
  std::int64_t stride = 1;
  std::int64_t padding = 0;  // of the larger image, zeros on each side

  [[nodiscard]] std::int64_t large_pixels() const { return large_height * large_width; }
  [[nodiscard]] std::int64_t small_pixels() const { return small_height * small_width; }
  [[nodiscard]] std::int64_t patch() const { return kernel * kernel * large_channels; }
};

class Convolution {
 public:
  explicit Convolution(const ConvolutionShape& shape) : shape_(shape) {}

  // Weights as PyTorch keeps them, [small channels, large channels, k, k] for both kinds. Packs them for gather() or
  // scatter(); each may be packed once and then used by any number of threads.
  void pack_gather(std::span<const float> weights, Precision precision = Precision::kFloat32);
  void pack_scatter(std::span<const float> weights, Precision precision = Precision::kFloat32);

  // large [n, H·W·C] → small [n, h·w·c]; a bias of each output channel, or none.
  void gather(ConstMatrix large, std::span<const float> bias, Matrix small) const;
  // small → large.
  void scatter(ConstMatrix small, std::span<const float> bias, Matrix large) const;
  // `out` [small channels, large channels, k, k] is overwritten.
  void weight_gradient(ConstMatrix large, ConstMatrix small, std::span<float> out,
                       Precision precision = Precision::kFloat32) const;

  [[nodiscard]] const ConvolutionShape& shape() const { return shape_; }

 private:
  ConvolutionShape shape_;
  PackedWeights gather_;
  PackedWeights scatter_;
};

// [C, H, W] of each of n images as [H, W, C], and back; `pixels` is H · W.
void to_channels_last(ConstMatrix images, std::int64_t channels, Matrix out);
void to_channels_first(ConstMatrix images, std::int64_t channels, Matrix out);

}  // namespace limn::kernels
