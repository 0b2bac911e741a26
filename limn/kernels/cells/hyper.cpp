#include "limn/kernels/cells/hyper.hpp"

#include <algorithm>

#include "limn/kernels/cells/dropout.hpp"
#include "limn/kernels/cells/hyper_rows.hpp"
#include "limn/kernels/cells/layer_norm_rows.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::kernels {

// The state and working memory of one slice of the batch.
struct HyperSequence::ForwardSlice {
  ForwardSlice(const BatchSlice& which, const CellShape& shape, std::int64_t batch) : slice(which) {
    const std::int64_t rows = which.size(batch), width = kGates * shape.hidden_size;
    h.resize(rows, shape.hidden_size);
    c.resize(rows, shape.hidden_size);
    small_h.resize(rows, shape.hyper_num_units);
    small_c.resize(rows, shape.hyper_num_units);
    for (MatrixBuffer* buffer : {&gates, &scale_x, &scale_h, &from_x, &from_h}) buffer->resize(rows, width);
    small_gates.resize(rows, kGates * shape.hyper_num_units);
    embeddings.resize(rows, embeddings_size(shape));
    masks.resize(rows, shape.hidden_size + shape.hyper_num_units);
  }
  BatchSlice slice;
  MatrixBuffer h, c, small_h, small_c;
  MatrixBuffer gates, scale_x, scale_h, from_x, from_h, small_gates, embeddings, masks;
  GemmScratch scratch;
};

HyperSequence::HyperSequence(const CellShape& shape, Direction direction, Precision precision)
    : shape_(shape), direction_(direction), precision_(precision) {}

void HyperSequence::resize_kept() {
  const std::int64_t rows = input_.keep_for_backward ? layout_.rows() : 0;
  const std::int64_t states = input_.keep_for_backward ? rows + layout_.batch() : 0;
  const std::int64_t units = shape_.hidden_size, small = shape_.hyper_num_units;
  gates_.resize(rows, kGates * units);
  from_h_.resize(rows, kGates * units);
  small_gates_.resize(rows, kGates * small);
  embeddings_.resize(rows, embeddings_size(shape_));
  statistics_.resize(rows, kLayerNormStatistics);
  small_statistics_.resize(rows, kLayerNormStatistics);
  hidden_.resize(states, units);
  cell_.resize(states, units);
  small_hidden_.resize(states, small);
  small_cell_.resize(states, small);
  if (!input_.keep_for_backward) return;
  const auto initial = [&](MatrixBuffer& buffer) { return buffer.view().slice_rows(rows, layout_.batch()); };
  load_state(input_.initial_state, {initial(hidden_), initial(cell_), initial(small_hidden_), initial(small_cell_)});
}

void HyperSequence::forward(const RecurrentSequence::Input& input, Matrix hidden, Matrix final_state) {
  input_ = input;
  parameters_.assign(input.parameters.begin(), input.parameters.end());
  layout_ = SequenceLayout(input.active, direction_);
  products_.pack(shape_, tensors(), precision_);
  prepared_.resize(layout_.batch(), products_.prepared_size());
  products_.prepare(input.constant, prepared_.view());
  resize_kept();
  const std::int64_t slices = slice_count(layout_, parameters_);
  parallel_for(slices, [&](std::int64_t s) { forward_slice({s, slices}, hidden, final_state); });
}

void HyperSequence::forward_slice(const BatchSlice& slice, Matrix hidden, Matrix final_state) {
  ForwardSlice s(slice, shape_, layout_.batch());
  load_state(slice.of(input_.initial_state), {s.h.view(), s.c.view(), s.small_h.view(), s.small_c.view()});
  for (std::int64_t k = 0; k < layout_.steps(); ++k) {
    const std::int64_t t = layout_.time(k), first = layout_.row(t, 0), rows = slice.size(layout_.active(t));
    for (std::int64_t i = 0; input_.dropout.keep < 1 && i < rows; ++i) {
      fill_keep_mask(input_.dropout, slice.sequence(i), t, s.masks.columns(), s.masks.row(i));
    }
    small_cell(s, t, rows);
    main_cell(s, t, rows);
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::int64_t row = first + slice.sequence(i);
      if (hidden.data) std::copy_n(s.h.row(i), shape_.hidden_size, hidden.row(row));
      if (!input_.keep_for_backward) continue;
      std::copy_n(s.h.row(i), shape_.hidden_size, hidden_.row(row));
      std::copy_n(s.c.row(i), shape_.hidden_size, cell_.row(row));
      std::copy_n(s.small_h.row(i), shape_.hyper_num_units, small_hidden_.row(row));
      std::copy_n(s.small_c.row(i), shape_.hyper_num_units, small_cell_.row(row));
    }
  }
  store_state({s.h.view(), s.c.view(), s.small_h.view(), s.small_c.view()}, slice.of(final_state));
}

void HyperSequence::small_cell(ForwardSlice& s, std::int64_t t, std::int64_t rows) {
  const std::int64_t first = layout_.row(t, 0), active = layout_.active(t), units = shape_.hyper_num_units;
  const bool keep = input_.keep_for_backward;
  const Matrix gates =
      keep ? s.slice.of(small_gates_.view().slice_rows(first, active)) : s.small_gates.view().slice_rows(0, rows);
  products_.small_gates(s.slice.of(input_.x.slice_rows(first, active)), s.h.view().slice_rows(0, rows),
                        s.small_h.view().slice_rows(0, rows), s.slice.of(ConstMatrix(prepared_.view())), gates,
                        s.scratch);
  const LayerNormWeights weights = layer_norm_weights(tensors().small_norm);
  float unused[kLayerNormStatistics];
  for (std::int64_t i = 0; i < rows; ++i) {
    layer_norm_forward_row({.units = units,
                            .weights = weights,
                            .gates = gates.row(i),
                            .mask = input_.dropout.keep < 1 ? s.masks.row(i) + shape_.hidden_size : nullptr,
                            .c_previous = s.small_c.row(i),
                            .c = s.small_c.row(i),
                            .h = s.small_h.row(i),
                            .statistics = keep ? small_statistics_.row(first + s.slice.sequence(i)) : unused});
  }
}

void HyperSequence::main_cell(ForwardSlice& s, std::int64_t t, std::int64_t rows) {
  const std::int64_t first = layout_.row(t, 0), active = layout_.active(t), width = kGates * shape_.hidden_size;
  const bool keep = input_.keep_for_backward;
  const auto kept_or = [&](MatrixBuffer& kept, MatrixBuffer& own) {
    return keep ? s.slice.of(kept.view().slice_rows(first, active)) : own.view().slice_rows(0, rows);
  };
  const Matrix gates = kept_or(gates_, s.gates), from_h = kept_or(from_h_, s.from_h);
  const Matrix embeddings = kept_or(embeddings_, s.embeddings);
  products_.embed(s.small_h.view().slice_rows(0, rows), embeddings, s.scratch);
  products_.scale(kShift, embeddings, gates, s.scratch);
  products_.scale(kScaleX, embeddings, s.scale_x.view().slice_rows(0, rows), s.scratch);
  products_.scale(kScaleH, embeddings, s.scale_h.view().slice_rows(0, rows), s.scratch);
  products_.from_x(s.slice.of(input_.x.slice_rows(first, active)), s.slice.of(ConstMatrix(prepared_.view())),
                   s.from_x.view().slice_rows(0, rows), s.scratch);
  products_.from_h(s.h.view().slice_rows(0, rows), from_h, s.scratch);
  const LayerNormWeights weights = layer_norm_weights(tensors().norm);
  float unused[kLayerNormStatistics];
  for (std::int64_t i = 0; i < rows; ++i) {
    hyper_combine_row({.count = width,
                       .scale_x = s.scale_x.row(i),
                       .scale_h = s.scale_h.row(i),
                       .from_x = s.from_x.row(i),
                       .from_h = from_h.row(i),
                       .gates = gates.row(i)});
    layer_norm_forward_row({.units = shape_.hidden_size,
                            .weights = weights,
                            .gates = gates.row(i),
                            .mask = input_.dropout.keep < 1 ? s.masks.row(i) : nullptr,
                            .c_previous = s.c.row(i),
                            .c = s.c.row(i),
                            .h = s.h.row(i),
                            .statistics = keep ? statistics_.row(first + s.slice.sequence(i)) : unused});
  }
}

std::unique_ptr<CellSequence> make_hyper_sequence(const CellShape& shape, Direction direction, Precision precision) {
  return std::make_unique<HyperSequence>(shape, direction, precision);
}

}  // namespace limn::kernels
