// The recurrent cells (docs/papers/sketch-rnn.md) in plain LibTorch operations: the oracle of limn/kernels and the
// baseline of limn bench. One step follows another on padded batches and nothing is fused, so that a reader can compare
// each line with the papers. Works in the dtype of the parameters (float32 or float64). Differentiable, reentrant.
//
// The oracle shares with the product plain structs and the definition of random numbers (RandomStream, keep_mask),
// which are data. It shares no formula and no reading of options.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "limn/kernels/cells/recurrent.hpp"

namespace limn::libtorch::oracle {

// Tensors by name, as in sketch_rnn_parameters(): "decoder.cell.weight_ih", ….
using Parameters = std::map<std::string, torch::Tensor>;

// Parameters of the given names and shapes: normal with deviation 0.3, and 1 more for a gamma, which scales.
// Each is a leaf that requires a gradient. A float32 set and a float64 set of one seed hold the same numbers.
[[nodiscard]] Parameters random_parameters(const std::vector<kernels::ParameterSpec>& specs, torch::Dtype dtype,
                                           std::uint64_t seed);

// Rows (t, b) of a packed batch (recurrent.hpp) [R, C] as [T, B, C], zero where a sequence has ended, and
// back.
[[nodiscard]] torch::Tensor pad(const torch::Tensor& packed, const std::vector<std::int64_t>& active);
[[nodiscard]] torch::Tensor pack(const torch::Tensor& padded, const std::vector<std::int64_t>& active);

// Columns of a state: h, c and for a hyper cell ĥ, ĉ.
[[nodiscard]] std::int64_t state_columns(const kernels::CellShape& shape);

// kernels::keep_mask of step t for `units` units from `first_unit` on: [B, units].
[[nodiscard]] torch::Tensor keep_masks(const kernels::RecurrentDropout& dropout, std::int64_t batch, std::int64_t t,
                                       std::int64_t units, torch::Dtype dtype, std::int64_t first_unit = 0);

// Layer normalisation over the last dimension with biased variance and epsilon 1e-3 (Ba et al. 2016, eq. 3).
[[nodiscard]] torch::Tensor layer_norm(const torch::Tensor& x, const torch::Tensor& gamma, const torch::Tensor& beta);

// One step of a cell. x is [B, D + Z], state [B, S] with S = state_columns(); returns the next state.
// `prefix` goes before each parameter's name. `t` numbers the step for the dropout masks.
//   lstm:       a = W_ih x + W_hh h + b
//   layer_norm: a = LN(W_ih x + W_hh h), each gate by itself (Ba et al. 2016, arXiv 1607.06450).
//               Differs: the paper normalises each product over all gates; Magenta, and limn, the sum per
//               gate.
//   hyper:      a = LN(alpha_x ⊙ W_ih x + alpha_h ⊙ W_hh h + beta_h + b), the factors from a small layer_norm
//               cell that reads [x; h] (HyperLSTM, Ha et al. 2016, arXiv 1609.09106)
// then c' = σ(f) ⊙ c + σ(i) ⊙ D(tanh g) (Semeniuta et al. 2016, arXiv 1603.05118), h' = σ(o) ⊙ tanh(c' or
// LN(c')).
[[nodiscard]] torch::Tensor cell_step(const kernels::CellShape& shape, const Parameters& parameters,
                                      const std::string& prefix, const torch::Tensor& x, const torch::Tensor& state,
                                      const kernels::RecurrentDropout& dropout, std::int64_t t);

struct SequenceInput {
  torch::Tensor x;                    // [T, B, D], padded
  std::vector<std::int64_t> lengths;  // steps of each sequence, [B]
  torch::Tensor constant = {};        // [B, Z], or undefined where Z = 0
  torch::Tensor initial_state = {};   // [B, S]; undefined means zero
  kernels::RecurrentDropout dropout = {};
};
struct SequenceOutput {
  torch::Tensor hidden;       // [T, B, H], zero where a sequence has ended
  torch::Tensor final_state;  // [B, S], after each sequence's own last step
};
// The whole sequence; backwards from each sequence's own last step for Direction::kBackward.
[[nodiscard]] SequenceOutput run_sequence(const kernels::CellShape& shape, kernels::Direction direction,
                                          const Parameters& parameters, const std::string& prefix,
                                          const SequenceInput& input);

}  // namespace limn::libtorch::oracle
