// The recurrent cells of docs/papers/cells.md over a batch of sequences, forward and backward, on plain memory.
// Sequences are packed without padding: sorted by length, longest first, active[t] of them reach step t, and the
// rows of a step lie together (row(t, b) = active[0] + … + active[t-1] + b; R rows in all). Nothing is computed for
// a sequence that has ended. Results do not depend on the number of threads. A RecurrentSequence owns what the
// backward pass needs and may be used by one thread at a time; inside it uses the pool of parallel.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/kernels/cells/cell_shape.hpp"
#include "limn/kernels/cells/dropout.hpp"
#include "limn/kernels/parameters.hpp"
#include "limn/kernels/precision.hpp"

namespace limn::kernels {

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
    bool keep_for_backward = true;  // false saves memory in evaluation
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

// The weights of a cell packed for inference, and single steps with them: for generation, with our own products.
// Immutable after construction, so any number of threads may step with one.
class CellStepper {
 public:
  CellStepper(const CellShape& shape, Parameters parameters, Precision precision = Precision::kFloat32);
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
