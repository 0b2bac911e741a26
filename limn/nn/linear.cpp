#include "limn/nn/linear.hpp"

#include <array>

#include "limn/core/error.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/nn/views.hpp"

namespace limn::nn {
namespace {

using torch::Tensor;

struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const Tensor& bias, kernels::Precision precision) {
    const Tensor input = x.detach().contiguous(), w = weight.detach().contiguous();
    Tensor y = torch::empty({input.size(0), w.size(0)});
    kernels::PackedWeights packed;
    packed.pack(const_view(w), kernels::WeightLayout::kOutputMajor, precision);
    const ConstMatrix repeated_bias{bias.data_ptr<float>(), input.size(0), w.size(0), 0};
    kernels::multiply_parallel(packed, const_view(input), repeated_bias, view(y));
    context->save_for_backward({input, w});
    context->saved_data["wants_x"] = x.requires_grad();
    context->saved_data["precision"] = static_cast<std::int64_t>(precision);
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list upstream) {
    const auto saved = context->get_saved_variables();
    const Tensor &input = saved[0], &weight = saved[1];
    const auto precision = static_cast<kernels::Precision>(context->saved_data["precision"].toInt());
    const Tensor grad_y = upstream[0].contiguous();
    Tensor grad_x, grad_weight = torch::empty_like(weight), grad_bias = torch::empty({weight.size(0), 1});
    // The bias met an input that is always one: both gradients are one product.
    const Tensor ones = torch::ones({input.size(0), 1});
    const std::array<kernels::WeightGradient, 2> parts{
        kernels::WeightGradient{.a = const_view(input), .rows = nullptr, .out = view(grad_weight)},
        kernels::WeightGradient{.a = const_view(ones), .rows = nullptr, .out = view(grad_bias)}};
    kernels::weight_gradients(const_view(grad_y), parts, false, precision);
    if (context->saved_data["wants_x"].toBool()) {
      grad_x = torch::empty_like(input);
      kernels::PackedWeights packed;
      packed.pack(const_view(weight), kernels::WeightLayout::kInputMajor, precision);
      kernels::multiply_parallel(packed, const_view(grad_y), {}, view(grad_x));
    }
    return {grad_x, grad_weight, grad_bias.view({-1}), Tensor()};
  }
};

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, kernels::Precision precision) {
  require(x.dim() == 2 && x.size(1) == weight.size(1), "linear: x has {} columns, expected {}", x.size(-1),
          weight.size(1));
  return LinearFunction::apply(x, weight, bias, precision);
}

LinearImpl::LinearImpl(std::int64_t in, std::int64_t out, kernels::Precision precision)
    : weight(register_parameter("weight", torch::zeros({out, in}))),
      bias(register_parameter("bias", torch::zeros({out}))),
      precision_(precision) {}

}  // namespace limn::nn
