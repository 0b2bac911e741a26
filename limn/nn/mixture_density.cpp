#include "limn/nn/mixture_density.hpp"

#include "limn/nn/views.hpp"

namespace limn::nn {
namespace {

using torch::Tensor;

struct MixtureDensityFunction : torch::autograd::Function<MixtureDensityFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& outputs, const Tensor& targets,
                        float scale, kernels::MixtureDensitySums* sums) {
    const Tensor y = outputs.detach().contiguous();
    Tensor gradient = torch::empty_like(y);
    *sums = kernels::mixture_density_loss(const_view(y), const_view(targets), scale, view(gradient));
    context->save_for_backward({gradient});
    return torch::scalar_tensor(scale * (sums->offset + sums->pen), torch::kFloat32);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list upstream) {
    // The loss is the last node of its graph: its gradient was made in the forward pass and is only scaled here.
    Tensor gradient = context->get_saved_variables()[0];
    if (upstream[0].item<float>() != 1.0f) gradient = gradient * upstream[0];
    return {gradient, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

MixtureDensity mixture_density_loss(const Tensor& outputs, const Tensor& targets, float scale) {
  MixtureDensity result;
  result.loss = MixtureDensityFunction::apply(outputs, targets.contiguous(), scale, &result.sums);
  return result;
}

}  // namespace limn::nn
