#include "limn/nn/convolution.hpp"

#include <memory>

#include "limn/core/error.hpp"
#include "limn/nn/views.hpp"

namespace limn::nn {
namespace {

using torch::Tensor;

// What the backward pass needs besides the tensors. autograd keeps tensors and numbers only.
struct Setting {
  kernels::ConvolutionShape shape;
  kernels::Precision precision;
  bool is_transposed;

  [[nodiscard]] std::int64_t large() const { return shape.large_pixels() * shape.large_channels; }
  [[nodiscard]] std::int64_t small() const { return shape.small_pixels() * shape.small_channels; }
};

// large → small, or small → large.
Tensor map(const Setting& setting, bool gathers, const Tensor& x, const Tensor& weight, std::span<const float> bias) {
  kernels::Convolution convolution(setting.shape);
  Tensor y = torch::empty({x.size(0), gathers ? setting.small() : setting.large()});
  if (gathers) {
    convolution.pack_gather(const_span(weight), setting.precision);
    convolution.gather(const_view(x), bias, view(y));
  } else {
    convolution.pack_scatter(const_span(weight), setting.precision);
    convolution.scatter(const_view(x), bias, view(y));
  }
  return y;
}

class ConvolutionFunction : public torch::autograd::Function<ConvolutionFunction> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const Tensor& bias, const Setting& setting) {
    const Tensor input = x.detach().contiguous(), w = weight.detach().contiguous();
    context->save_for_backward({input, w});
    const kernels::ConvolutionShape& s = setting.shape;
    context->saved_data["shape"] = std::vector<std::int64_t>{
        s.large_height, s.large_width, s.large_channels, s.small_height, s.small_width, s.small_channels,
        s.kernel,       s.stride,      s.padding,        static_cast<std::int64_t>(setting.precision),
        setting.is_transposed, x.requires_grad()};
    return map(setting, !setting.is_transposed, input, w, const_span(bias.detach().contiguous()));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list upstream) {
    const auto saved = context->get_saved_variables();
    const Tensor &input = saved[0], &weight = saved[1];
    const auto numbers = context->saved_data["shape"].toIntVector();
    const Setting setting{.shape = {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6],
                                    numbers[7], numbers[8]},
                          .precision = static_cast<kernels::Precision>(numbers[9]),
                          .is_transposed = numbers[10] != 0};
    const Tensor grad_y = upstream[0].contiguous();
    Tensor grad_weight = torch::empty_like(weight), grad_x;
    const Tensor &large = setting.is_transposed ? grad_y : input, &small = setting.is_transposed ? input : grad_y;
    kernels::Convolution(setting.shape)
        .weight_gradient(const_view(large), const_view(small), span(grad_weight), setting.precision);
    if (numbers[11] != 0) grad_x = map(setting, setting.is_transposed, grad_y, weight, {});
    const std::int64_t channels = setting.is_transposed ? setting.shape.large_channels : setting.shape.small_channels;
    return {grad_x, grad_weight, grad_y.view({-1, channels}).sum(0), Tensor()};
  }
};

Tensor apply(const Tensor& x, const Tensor& weight, const Tensor& bias, const Setting& setting) {
  const std::int64_t wanted = setting.is_transposed ? setting.small() : setting.large();
  require(x.dim() == 2 && x.size(1) == wanted, "convolution: x has {} columns, expected {}", x.size(-1), wanted);
  return ConvolutionFunction::apply(x, weight, bias, setting);
}

}  // namespace

Tensor convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, const kernels::ConvolutionShape& shape,
                   kernels::Precision precision) {
  return apply(x, weight, bias, {.shape = shape, .precision = precision, .is_transposed = false});
}

Tensor transposed_convolution(const Tensor& x, const Tensor& weight, const Tensor& bias,
                              const kernels::ConvolutionShape& shape, kernels::Precision precision) {
  return apply(x, weight, bias, {.shape = shape, .precision = precision, .is_transposed = true});
}

}  // namespace limn::nn
