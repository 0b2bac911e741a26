// Where the rows of a packed batch lie (see recurrent.hpp) and how its sequences are divided over threads.
// Immutable once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/kernels/cells/recurrent.hpp"

namespace limn::kernels {

class SequenceLayout {
 public:
  SequenceLayout() = default;
  // `counts` as `active` of RecurrentSequence::Input.
  SequenceLayout(std::span<const std::int64_t> counts, Direction direction);

  [[nodiscard]] std::int64_t steps() const { return static_cast<std::int64_t>(active_.size()); }
  [[nodiscard]] std::int64_t batch() const { return active_.empty() ? 0 : active_.front(); }
  [[nodiscard]] std::int64_t rows() const { return offsets_.empty() ? 0 : offsets_.back(); }
  [[nodiscard]] std::int64_t active(std::int64_t t) const { return active_[static_cast<std::size_t>(t)]; }
  [[nodiscard]] std::int64_t row(std::int64_t t, std::int64_t b) const {
    return offsets_[static_cast<std::size_t>(t)] + b;
  }
  // The k-th time step in the cell's own order.
  [[nodiscard]] std::int64_t time(std::int64_t k) const {
    return direction_ == Direction::kForward ? k : steps() - 1 - k;
  }
  // For each row the row of the same sequence's step before; rows() + b where b starts there.
  [[nodiscard]] const std::int32_t* previous() const { return previous_.data(); }
  [[nodiscard]] std::int64_t previous(std::int64_t row) const { return previous_[static_cast<std::size_t>(row)]; }

 private:
  Direction direction_ = Direction::kForward;
  std::vector<std::int64_t> active_;
  std::vector<std::int64_t> offsets_;  // [T + 1]
  std::vector<std::int32_t> previous_;
};

// Sequences first, first + count, first + 2 · count, …: long and short ones in each slice. A slice goes
// through all steps on one thread without waiting for the others.
struct BatchSlice {
  std::int64_t first = 0;
  std::int64_t count = 1;

  // The number of the first `sequences` sequences that belong to the slice.
  [[nodiscard]] std::int64_t size(std::int64_t sequences) const {
    return sequences <= first ? 0 : (sequences - first + count - 1) / count;
  }
  [[nodiscard]] std::int64_t sequence(std::int64_t i) const { return first + i * count; }
  // The slice's rows among `rows` rows, the first of which belongs to sequence 0. An empty matrix stays empty.
  template <class T>
  [[nodiscard]] MatrixView<T> of(MatrixView<T> rows) const {
    if (!rows.data) return {};
    return {rows.data + first * rows.row_stride, size(rows.rows), rows.columns, count * rows.row_stride};
  }
};

// Copies `from`, or zero where it is empty, into every row of `to`.
void copy_rows(ConstMatrix from, Matrix to);

// The parts of a state (h, c and so on), or of its gradient, from its columns in order; zero where `state` is empty.
void load_state(ConstMatrix state, std::initializer_list<Matrix> parts);
// The reverse; does nothing where `state` is empty.
void store_state(std::initializer_list<ConstMatrix> parts, Matrix state);

// The number of slices of a batch: batch_slices(), or one where a cell with these parameters has too little to do for
// several.
[[nodiscard]] std::int64_t slice_count(const SequenceLayout& layout, Parameters parameters);

}  // namespace limn::kernels
