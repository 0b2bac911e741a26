// The element-wise part of a cell's step (docs/papers/sketch-rnn.md). Each formula stands here once. With T = Tensor it
// is LibTorch's operations, which autograd differentiates. As text, with T = float, it is a kernel that LibTorch
// compiles for a GPU at its first use. One launch then does the work of many.
#pragma once

#include <math.h>

#include <array>
#include <vector>

#include "limn/libtorch/torch.hpp"

// `name` becomes the text of what follows, which is compiled here too.
#define LIMN_CODE_AND_TEXT(name, ...) \
  __VA_ARGS__                         \
  inline constexpr const char* name = #__VA_ARGS__;

namespace limn::libtorch::oracle {

// Functions with the names of LibTorch's: of tensors, LibTorch's are taken. Derivatives end in _backward: the inputs,
// what arrives from above, then the results.
// clang-format off
LIMN_CODE_AND_TEXT(kCellKernelText,
template <typename T> T sigmoid(T x) { return T(1) / (T(1) + exp(-x)); }
template <typename T> T addcmul(T sum, T a, T b) { return sum + a * b; }

template <typename T> T cell_of_candidate(T i, T f, T candidate, T c) {
  return addcmul(sigmoid(f) * c, sigmoid(i), candidate);
}
template <typename T> T next_cell(T i, T f, T g, T c, T mask) { return cell_of_candidate(i, f, tanh(g) * mask, c); }
template <typename T> void next_cell_backward(T i, T f, T g, T c, T mask, T d, T& d_i, T& d_f, T& d_g, T& d_c) {
  T input_gate = sigmoid(i);
  T forget_gate = sigmoid(f);
  T candidate = tanh(g);
  d_i = d * mask * candidate * input_gate * (T(1) - input_gate);
  d_f = d * c * forget_gate * (T(1) - forget_gate);
  d_g = d * mask * input_gate * (T(1) - candidate * candidate);
  d_c = d * forget_gate;
}

template <typename T> T cell_output(T o, T c) { return sigmoid(o) * tanh(c); }
template <typename T> void cell_output_backward(T o, T c, T d, T& d_o, T& d_c) {
  T output_gate = sigmoid(o);
  T value = tanh(c);
  d_o = d * value * output_gate * (T(1) - output_gate);
  d_c = d * output_gate * (T(1) - value * value);
}

template <typename T> void lstm_step(T i, T f, T g, T o, T c, T mask, T& h, T& next_c) {
  next_c = next_cell(i, f, g, c, mask);
  h = cell_output(o, next_c);
}
template <typename T> void lstm_step_backward(T i, T f, T g, T o, T c, T mask, T d_h, T d_next, T& d_i, T& d_f, T& d_g,
                                              T& d_o, T& d_c) {
  T through_h;
  cell_output_backward(o, next_cell(i, f, g, c, mask), d_h, d_o, through_h);
  next_cell_backward(i, f, g, c, mask, d_next + through_h, d_i, d_f, d_g, d_c);
}

template <typename T> T scaled_sum(T alpha_x, T x, T alpha_h, T h, T rest) {
  return addcmul(addcmul(rest, alpha_x, x), alpha_h, h);
}
template <typename T> void scaled_sum_backward(T alpha_x, T x, T alpha_h, T h, T, T d, T& d_alpha_x, T& d_x,
                                               T& d_alpha_h, T& d_h, T& d_rest) {
  d_alpha_x = d * x;
  d_x = d * alpha_x;
  d_alpha_h = d * h;
  d_h = d * alpha_h;
  d_rest = d;
}
)
// clang-format on

// A function of that text.
struct CellKernel {
  const char* name;
  int outputs;
};
// Calls it for each element of inputs that broadcast to one shape: at most 8, as LibTorch's compiler of kernels takes.
using KernelLauncher = std::vector<torch::Tensor> (*)(const CellKernel& kernel,
                                                      const std::vector<torch::Tensor>& inputs);

// The launcher of a GPU on which LibTorch compiles kernels and these compute what its operations do. Null elsewhere:
// the operations take their place.
[[nodiscard]] KernelLauncher launcher_of(const torch::Device& device);

using Gates = std::array<torch::Tensor, 4>;  // the pre-activations i, f, g, o [B, H]

// The step's parts, by `launcher`'s kernels or, if it is null, by operations. Differentiable, but for `mask`, which may
// be undefined: nothing is dropped. The kernels compute in the type of c or of `rest`, whatever the others have.
// c' = σ(f) ⊙ c + σ(i) ⊙ D(tanh g).
[[nodiscard]] torch::Tensor next_cell(KernelLauncher launcher, const Gates& gates, const torch::Tensor& c,
                                      const torch::Tensor& mask);
// h' = σ(o) ⊙ tanh(c).
[[nodiscard]] torch::Tensor cell_output(KernelLauncher launcher, const torch::Tensor& o, const torch::Tensor& c);
// Both, of a cell that does not normalise c' between them: h', c'.
[[nodiscard]] std::array<torch::Tensor, 2> lstm_step(KernelLauncher launcher, const Gates& gates,
                                                     const torch::Tensor& c, const torch::Tensor& mask);
// α_x ⊙ x + α_h ⊙ h + `rest`, of a hyper cell; all are [B, 4H].
[[nodiscard]] torch::Tensor scaled_sum(KernelLauncher launcher, const torch::Tensor& alpha_x, const torch::Tensor& x,
                                       const torch::Tensor& alpha_h, const torch::Tensor& h, const torch::Tensor& rest);

}  // namespace limn::libtorch::oracle
