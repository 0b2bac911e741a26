#include "limn/nn/pixel_loss.hpp"

#include <numeric>
#include <vector>

#include "limn/nn/views.hpp"

namespace limn::nn {
namespace {

using torch::Tensor;

struct PixelLossFunction : torch::autograd::Function<PixelLossFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& logits, const Tensor& targets,
                        std::int64_t likelihood, double scale, double* sum) {
    const std::int64_t rows = targets.size(0);
    const Tensor l = logits.detach().contiguous().view({rows, -1});
    Tensor gradient = torch::empty_like(l);
    std::vector<double> sums(static_cast<std::size_t>(rows));
    kernels::pixel_losses({.likelihood = static_cast<kernels::PixelLikelihood>(likelihood),
                           .logits = const_view(l),
                           .targets = const_view(targets.view({rows, -1})),
                           .sums = sums,
                           .gradient = view(gradient),
                           .gradient_scale = static_cast<float>(scale)});
    *sum = std::accumulate(sums.begin(), sums.end(), 0.0);
    context->save_for_backward({gradient.view(logits.sizes())});
    return torch::scalar_tensor(scale * *sum, torch::kFloat32);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list upstream) {
    // The loss is the last node of its graph: its gradient was made in the forward pass and is only scaled here.
    Tensor gradient = context->get_saved_variables()[0];
    if (upstream[0].item<float>() != 1.0f) gradient = gradient * upstream[0];
    return {gradient, Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

PixelLoss pixel_loss(const Tensor& logits, const Tensor& targets, kernels::PixelLikelihood likelihood, float scale) {
  PixelLoss result;
  result.loss = PixelLossFunction::apply(logits, targets.contiguous(), static_cast<std::int64_t>(likelihood),
                                         static_cast<double>(scale), &result.sum);
  return result;
}

}  // namespace limn::nn
