#include "limn/libtorch/oracle/cell_kernels.hpp"

#include <exception>

#ifdef LIMN_TORCH_HAS_JITERATOR
#include <ATen/cuda/jiterator.h>
#endif

namespace limn::libtorch::oracle {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr CellKernel kNextCell{"next_cell", 1}, kNextCellBackward{"next_cell_backward", 4};
constexpr CellKernel kCellOutput{"cell_output", 1}, kCellOutputBackward{"cell_output_backward", 2};
constexpr CellKernel kLstmStep{"lstm_step", 2}, kLstmStepBackward{"lstm_step_backward", 5};
constexpr CellKernel kScaledSum{"scaled_sum", 1}, kScaledSumBackward{"scaled_sum_backward", 5};

// A kernel and its derivative, which takes the inputs and then what arrives from above. Inputs beyond the derivative's
// results have none.
template <const CellKernel& kForward, const CellKernel& kBackward>
struct Kernel : Function<Kernel<kForward, kBackward>> {
  static variable_list forward(AutogradContext* context, KernelLauncher launcher, at::TensorList inputs) {
    context->saved_data["launcher"] = reinterpret_cast<std::int64_t>(launcher);
    context->save_for_backward(inputs.vec());
    return launcher(kForward, inputs.vec());
  }
  static variable_list backward(AutogradContext* context, const variable_list& arriving) {
    const auto launcher = reinterpret_cast<KernelLauncher>(context->saved_data["launcher"].toInt());
    variable_list inputs = context->get_saved_variables();
    const std::size_t count = inputs.size();
    inputs.insert(inputs.end(), arriving.begin(), arriving.end());
    variable_list results = launcher(kBackward, inputs);
    results.resize(count);
    results.insert(results.begin(), Tensor());  // the launcher's place
    return results;
  }
};

template <const CellKernel& kForward, const CellKernel& kBackward>
variable_list launch(KernelLauncher launcher, const variable_list& inputs) {
  return Kernel<kForward, kBackward>::apply(launcher, at::TensorList(inputs));
}

Tensor mask_or_one(const Tensor& mask, const Tensor& c) {
  return mask.defined() ? mask : torch::ones({1}, c.options());
}

// In the type of c.
Gates like(const Gates& gates, const Tensor& c) {
  Gates result;
  for (std::size_t k = 0; k < gates.size(); ++k) result[k] = gates[k].to(c.scalar_type());
  return result;
}

#ifdef LIMN_TORCH_HAS_JITERATOR
variable_list launch_compiled(const CellKernel& kernel, const variable_list& inputs) {
  const c10::SmallVector<Tensor> tensors(inputs.begin(), inputs.end());
  const auto results = at::cuda::CompileAndLaunchKernel(kCellKernelText, kernel.name, kernel.outputs, tensors, {},
                                                        /*return_by_ref=*/kernel.outputs > 1);
  return {results.begin(), results.end()};
}

// Whether the kernels give on `device` what operations give there: results and gradients.
bool agree(KernelLauncher launcher, const torch::Device& device) {
  const auto computed = [&](KernelLauncher by) {
    variable_list leaves;
    for (int k = 1; k <= 5; ++k) {
      const Tensor values = torch::sin(torch::arange(15, torch::kFloat32) * k).view({3, 5});
      leaves.push_back(values.to(device).requires_grad_());
    }
    const Tensor mask = leaves[0].detach().gt(0).to(torch::kFloat32) * 2;
    const Gates gates{leaves[0], leaves[1], leaves[2], leaves[3]};
    const auto [h, c] = lstm_step(by, gates, leaves[4], mask);
    const Tensor second = next_cell(by, gates, c, {});
    const Tensor sum = scaled_sum(by, h, cell_output(by, gates[3], second), leaves[0], leaves[4], c);
    sum.sum().backward();
    variable_list all{sum.detach()};
    for (const Tensor& each : leaves) all.push_back(each.grad());
    return torch::stack(all);
  };
  return torch::allclose(computed(launcher), computed(nullptr), 1e-4, 1e-5);
}

KernelLauncher tried_launcher(const torch::Device& device) {
  try {
    const at::AutoGradMode with_gradients(true);
    return agree(launch_compiled, device) ? launch_compiled : nullptr;
  } catch (const std::exception&) {  // LibTorch's errors, and what its compiler throws with the kernel's code
    return nullptr;
  }
}
#endif

}  // namespace

KernelLauncher launcher_of(const torch::Device& device) {
#ifdef LIMN_TORCH_HAS_JITERATOR
  if (!device.is_cuda()) return nullptr;
  static const KernelLauncher launcher = tried_launcher(device);
  return launcher;
#else
  (void)device;
  return nullptr;
#endif
}

Tensor next_cell(KernelLauncher launcher, const Gates& gates, const Tensor& c, const Tensor& mask) {
  if (launcher == nullptr) {
    const Tensor candidate = torch::tanh(gates[2]);
    return cell_of_candidate(gates[0], gates[1], mask.defined() ? candidate * mask : candidate, c);
  }
  const Gates g = like(gates, c);
  return launch<kNextCell, kNextCellBackward>(launcher, {g[0], g[1], g[2], c, mask_or_one(mask, c)})[0];
}

Tensor cell_output(KernelLauncher launcher, const Tensor& o, const Tensor& c) {
  if (launcher == nullptr) return cell_output<Tensor>(o, c);
  return launch<kCellOutput, kCellOutputBackward>(launcher, {o.to(c.scalar_type()), c})[0];
}

std::array<Tensor, 2> lstm_step(KernelLauncher launcher, const Gates& gates, const Tensor& c, const Tensor& mask) {
  if (launcher == nullptr) {
    const Tensor next = next_cell(launcher, gates, c, mask);
    return {cell_output(launcher, gates[3], next), next};
  }
  const Gates g = like(gates, c);
  const auto both = launch<kLstmStep, kLstmStepBackward>(launcher, {g[0], g[1], g[2], g[3], c, mask_or_one(mask, c)});
  return {both[0], both[1]};
}

Tensor scaled_sum(KernelLauncher launcher, const Tensor& alpha_x, const Tensor& x, const Tensor& alpha_h,
                  const Tensor& h, const Tensor& rest) {
  if (launcher == nullptr) return scaled_sum<Tensor>(alpha_x, x, alpha_h, h, rest);
  const auto type = rest.scalar_type();
  return launch<kScaledSum, kScaledSumBackward>(launcher,
                                                {alpha_x.to(type), x.to(type), alpha_h.to(type), h.to(type), rest})[0];
}

}  // namespace limn::libtorch::oracle
