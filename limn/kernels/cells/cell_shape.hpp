// The recurrent cells of limn: their kinds, sizes, gates and parameters (docs/papers/cells.md). Values; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "limn/kernels/parameters.hpp"

namespace limn::kernels {

enum class CellType { kLstm, kLayerNorm, kHyper };
[[nodiscard]] CellType cell_type_named(std::string_view name);  // "lstm", "layer_norm", "hyper"

// The order of the four gates in every weight, bias, gamma and beta: input, forget, candidate, output (PyTorch's).
enum class Gate : int { kInput = 0, kForget = 1, kCandidate = 2, kOutput = 3 };
inline constexpr int kGates = 4;

struct CellShape {
  CellType type = CellType::kLstm;
  std::int64_t input_size = 0;             // D: the input that changes from step to step
  std::int64_t constant_size = 0;          // Z: the input that does not; columns D … D+Z-1 of weight_ih
  std::int64_t hidden_size = 0;            // H
  std::int64_t hyper_num_units = 256;      // U, hyper cells only
  std::int64_t hyper_embedding_size = 32;  // E, hyper cells only
};

// Each parameter, without the prefix "encoder.forward." etc., in the order in which RecurrentSequence and CellStepper
// take them.
[[nodiscard]] std::vector<ParameterSpec> cell_parameters(const CellShape& shape);

// Columns of a state row: h [H], c [H], and for hyper cells ĥ [U], ĉ [U] after them.
[[nodiscard]] std::int64_t state_size(const CellShape& shape);

}  // namespace limn::kernels
