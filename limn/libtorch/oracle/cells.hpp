// The recurrent cells (docs/papers/sketch-rnn.md) in plain LibTorch operations: the oracle of limn/kernels, and the
// cells of training on a device. Sequences are packed as in recurrent.hpp. Works in the dtype and on the device of the
// parameters. Differentiable, reentrant.
//
// The oracle shares with the product plain structs and the definition of random numbers (RandomStream, keep_mask),
// which are data. It shares no formula and no reading of options.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "limn/kernels/cells/recurrent.hpp"
#include "limn/libtorch/oracle/cell_kernels.hpp"
#include "limn/libtorch/torch.hpp"

namespace limn::libtorch::oracle {

// Tensors by name, as in sketch_rnn_parameters(): "decoder.cell.weight_ih", ….
using Parameters = std::map<std::string, torch::Tensor>;

// Parameters of the given names and shapes: normal with deviation 0.3, and 1 more for a gamma, which scales.
// Each is a leaf that requires a gradient. A float32 set and a float64 set of one seed hold the same numbers.
[[nodiscard]] Parameters random_parameters(const std::vector<kernels::ParameterSpec>& specs, torch::Dtype dtype,
                                           std::uint64_t seed);

// x W^T + b of the layer `name`, for rows x [R, in].
[[nodiscard]] torch::Tensor linear(const Parameters& parameters, const std::string& name, const torch::Tensor& x);

// Columns of a state: h, c and for a hyper cell ĥ, ĉ.
[[nodiscard]] std::int64_t state_columns(const kernels::CellShape& shape);
// Columns of a mask: a hyper cell's small cell drops candidates too, with the units after the main cell's.
[[nodiscard]] std::int64_t mask_columns(const kernels::CellShape& shape);

// One step of a cell. x is [B, D + Z], state [B, S] with S = state_columns(); returns the next state.
// `prefix` goes before each parameter's name.
//   lstm:       a = W_ih x + W_hh h + b
//   layer_norm: a = LN(W_ih x + W_hh h), each gate by itself (Ba et al. 2016, arXiv 1607.06450).
//               Differs: the paper normalises each product over all gates; Magenta, and limn, the sum per
//               gate.
//   hyper:      a = LN(alpha_x ⊙ W_ih x + alpha_h ⊙ W_hh h + beta_h + b), the factors from a small layer_norm
//               cell that reads [x; h] (HyperLSTM, Ha et al. 2016, arXiv 1609.09106)
// then c' = σ(f) ⊙ c + σ(i) ⊙ D(tanh g) (Semeniuta et al. 2016, arXiv 1603.05118), h' = σ(o) ⊙ tanh(c' or
// LN(c')).
[[nodiscard]] torch::Tensor cell_step(const kernels::CellShape& shape, const Parameters& parameters,
                                      const std::string& prefix, const torch::Tensor& x, const torch::Tensor& state);

struct SequenceInput {
  torch::Tensor x;                    // [R, D + Z]
  std::vector<std::int64_t> active;   // sequences of each step, non-increasing
  torch::Tensor initial_state = {};   // [B, S]; undefined means zero
  torch::Tensor mask = {};            // [R, mask_columns()], keep_masks(); undefined: nothing is dropped
  KernelLauncher launcher = nullptr;  // of the steps' element-wise part; null: that of the device of x
};
struct SequenceOutput {
  torch::Tensor hidden;       // [R, H]
  torch::Tensor final_state;  // [B, S], after each sequence's own last step
};
// The whole sequence; backwards from each sequence's own last step for Direction::kBackward. The products with x are
// made for all steps at once.
[[nodiscard]] SequenceOutput run_sequence(const kernels::CellShape& shape, kernels::Direction direction,
                                          const Parameters& parameters, const std::string& prefix,
                                          const SequenceInput& input);

// Whether LibTorch has one operation for such sequences: of lstm cells that drop nothing.
[[nodiscard]] bool has_fused_lstm(const kernels::CellShape& shape, const torch::Tensor& mask);
// run_sequence() by that operation (cuDNN's on CUDA); with two prefixes, for both directions at once: hidden is then
// [R, 2H] and final_state [B, 2S], those of the forward direction first.
[[nodiscard]] SequenceOutput run_fused_lstm(const kernels::CellShape& shape, const Parameters& parameters,
                                            const std::vector<std::string>& prefixes, const SequenceInput& input);

}  // namespace limn::libtorch::oracle
