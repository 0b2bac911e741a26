// The recurrent cells of MODELS.md §3 over a whole batch of sequences, forward and backward, on plain memory.
// Sequences are packed without padding: sorted by length, longest first, active[t] of them reach step t, and the
// rows of a step lie together (row(t, b) = active[0] + … + active[t-1] + b; R rows in all). Nothing is computed for
// a sequence that has ended. Results do not depend on the number of threads. A RecurrentSequence owns what the
// backward pass needs and may be used by one thread at a time; inside it uses the pool of parallel.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/parameters.hpp"
#include "limn/kernels/precision.hpp"

namespace limn::kernels {

enum class CellType { kLstm, kLayerNorm, kHyper };
[[nodiscard]] CellType cell_type_named(std::string_view name);  // "lstm", "layer_norm", "hyper"

// The order of the four gates in every weight, bias, gamma and beta: input, forget, candidate, output (PyTorch's).
enum class Gate : int { kInput = 0, kForget = 1, kCandidate = 2, kOutput = 3 };
inline constexpr int kGates = 4;

struct CellShape {
  CellType type = CellType::kLstm;
  std::int64_t input_size = 0;     // D: the input that changes from step to step
  std::int64_t constant_size = 0;  // Z: the input that does not; columns D … D+Z-1 of weight_ih
  std::int64_t hidden_size = 0;    // H
  std::int64_t hyper_num_units = 256;     // U, hyper cells only
  std::int64_t hyper_embedding_size = 32; // E, hyper cells only
};

// Each parameter, without the prefix "encoder.forward." etc., in the order in which the calls below take them.
[[nodiscard]] std::vector<ParameterSpec> cell_parameters(const CellShape& shape);

// Columns of a state row: h [H], c [H], and for hyper cells ĥ [U], ĉ [U] after them.
[[nodiscard]] std::int64_t state_size(const CellShape& shape);

// Recurrent dropout without memory loss: the mask of (sequence b, step t, unit j) is keep_mask() of this.
// Disabled where keep == 1. A hyper cell drops candidates of its small cell too: its unit j has number H + j.
// Sequence b has the number numbers[b], so that the same sequence has the same mask wherever it stands in a batch and
// whichever process works on it; without numbers, its place b.
struct RecurrentDropout {
  float keep = 1;
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::kRecurrentDropout;
  std::uint64_t step = 0;
  std::vector<std::int64_t> numbers = {};
};
// 1/keep where the unit is kept, 0 where it is dropped. The definition that the fast paths reproduce.
[[nodiscard]] float keep_mask(const RecurrentDropout& dropout, std::int64_t b, std::int64_t t, std::int64_t unit);

enum class Direction { kForward, kBackward };

class RecurrentSequence {
 public:
  RecurrentSequence(const CellShape& shape, Direction direction, Precision precision = Precision::kFloat32);
  ~RecurrentSequence();
  RecurrentSequence(RecurrentSequence&&) noexcept;
  RecurrentSequence& operator=(RecurrentSequence&&) noexcept;

  struct Input {
    Parameters parameters;
    std::span<const std::int64_t> active;  // non-increasing, all > 0; B = active[0]
    ConstMatrix x;                         // [R, D]
    ConstMatrix constant = {};             // [B, Z], or empty where Z = 0
    ConstMatrix initial_state = {};        // [B, S]; empty means zero
    RecurrentDropout dropout = {};
    bool keep_for_backward = true;         // false saves memory in evaluation
  };
  // Writes the output of each step to `hidden` [R, H] (may be empty where only the final state is wanted), and each
  // sequence's state after its own last step to `final_state` [B, S] (may be empty). For Direction::kBackward a
  // sequence starts at its own last step and ends at step 0. Input memory must stay as it is until backward().
  void forward(const Input& input, Matrix hidden, Matrix final_state);

  struct Gradients {
    ConstMatrix hidden = {};        // dL/d hidden [R, H]; empty means zero
    ConstMatrix final_state = {};   // dL/d final state [B, S]; empty means zero
    ParameterGradients parameters;  // overwritten, in the order of cell_parameters()
    Matrix x = {};                  // [R, D]; empty means not wanted
    Matrix constant = {};           // [B, Z]; likewise
    Matrix initial_state = {};      // [B, S]; likewise
  };
  // The gradients of the last forward().
  void backward(const Gradients& gradients);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The weights of a cell packed for inference, and single steps with them: for generation. Immutable after
// construction, so any number of threads may step with one.
class CellStepper {
 public:
  CellStepper(const CellShape& shape, Parameters parameters);
  ~CellStepper();
  CellStepper(CellStepper&&) noexcept;
  CellStepper& operator=(CellStepper&&) noexcept;

  // The part of the pre-activations that x does not change: one row for each sequence, to be computed once.
  // `constant` is [B, Z] (empty where Z = 0).
  [[nodiscard]] std::vector<float> prepare_constant(ConstMatrix constant, std::int64_t batch) const;
  // One step in place: state [B, S] becomes the next; x is [B, D]; `prepared` is [B, prepared_size()].
  void step(ConstMatrix x, ConstMatrix prepared, Matrix state) const;
  [[nodiscard]] std::int64_t prepared_size() const;
  [[nodiscard]] const CellShape& shape() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace limn::kernels
