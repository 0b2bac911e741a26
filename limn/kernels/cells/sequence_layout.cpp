#include "limn/kernels/cells/sequence_layout.hpp"

#include <algorithm>

#include "limn/kernels/products/gemm.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::kernels {

SequenceLayout::SequenceLayout(std::span<const std::int64_t> counts, Direction direction)
    : direction_(direction), active_(counts.begin(), counts.end()), offsets_{0} {
  for (const std::int64_t count : active_) offsets_.push_back(offsets_.back() + count);
  previous_.reserve(static_cast<std::size_t>(rows()));
  const bool is_forward = direction_ == Direction::kForward;
  for (std::int64_t t = 0; t < steps(); ++t) {
    const std::int64_t before = is_forward ? t - 1 : t + 1;
    const std::int64_t continuing = before < 0 || before >= steps() ? 0 : std::min(active(before), active(t));
    for (std::int64_t b = 0; b < active(t); ++b) {
      previous_.push_back(static_cast<std::int32_t>(b < continuing ? row(before, b) : rows() + b));
    }
  }
}

void copy_rows(ConstMatrix from, Matrix to) {
  for (std::int64_t r = 0; r < to.rows; ++r) {
    if (from.data)
      std::copy_n(from.row(r), to.columns, to.row(r));
    else
      std::fill_n(to.row(r), to.columns, 0.0f);
  }
}

void load_state(ConstMatrix state, std::initializer_list<Matrix> parts) {
  std::int64_t column = 0;
  for (const Matrix& part : parts) {
    copy_rows(state.data ? state.slice_columns(column, part.columns) : state, part);
    column += part.columns;
  }
}

void store_state(std::initializer_list<ConstMatrix> parts, Matrix state) {
  if (!state.data) return;
  std::int64_t column = 0;
  for (const ConstMatrix& part : parts) {
    copy_rows(part, state.slice_columns(column, part.columns));
    column += part.columns;
  }
}

std::int64_t slice_count(const SequenceLayout& layout, Parameters parameters) {
  // A row multiplies and adds with every parameter once.
  double operations = 0;
  for (const auto parameter : parameters)
    operations += 2.0 * static_cast<double>(layout.rows()) * static_cast<double>(parameter.size());
  return operations < kWorthThreads ? std::min<std::int64_t>(1, layout.batch()) : batch_slices(layout.batch());
}

}  // namespace limn::kernels
