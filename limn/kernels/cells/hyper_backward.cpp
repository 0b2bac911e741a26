// The backward pass of hyper.hpp. First every slice of the batch goes back through time and leaves dL/da of both
// cells, dL/d embeddings and the sums that belong to z. The gradients of the weights follow. Those of the small cell
// are one product over all rows. Those of the scaled products go in chunks of steps, whose scales are computed again.
#include <algorithm>

#include "limn/kernels/cells/cell_rows.hpp"
#include "limn/kernels/cells/dropout.hpp"
#include "limn/kernels/cells/hyper.hpp"
#include "limn/kernels/cells/hyper_rows.hpp"
#include "limn/kernels/cells/layer_norm_rows.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::kernels {
namespace {

// Rows of a chunk: enough for an efficient product, few enough to stay far below the memory that is kept.
constexpr std::int64_t kChunkRows = 1024;

}  // namespace

struct HyperSequence::BackwardSlice {
  BackwardSlice(const BatchSlice& which, const CellShape& shape, std::int64_t batch) : slice(which) {
    const std::int64_t rows = which.size(batch), width = kGates * shape.hidden_size;
    dh.resize(rows, shape.hidden_size);
    dc.resize(rows, shape.hidden_size);
    d_small_h.resize(rows, shape.hyper_num_units);
    d_small_c.resize(rows, shape.hyper_num_units);
    for (MatrixBuffer* buffer : {&scale_x, &scale_h, &from_x, &d_from_h}) buffer->resize(rows, width);
    masks.resize(rows, shape.hidden_size + shape.hyper_num_units);
    norm_scratch.resize(1, layer_norm_scratch_size(std::max(shape.hidden_size, shape.hyper_num_units)));
  }
  BatchSlice slice;
  MatrixBuffer dh, dc, d_small_h, d_small_c;
  MatrixBuffer scale_x, scale_h, from_x, d_from_h, masks, norm_scratch;
  GemmScratch scratch;
};

// The results of HyperSplitRow for a chunk of steps, [rows, 4H].
struct HyperSequence::Factors {
  MatrixBuffer scale_x, scale_h, from_x, d_from_h;
};

void HyperSequence::pack_backward_weights() {
  constexpr auto kLayout = WeightLayout::kInputMajor;
  const auto t = tensors();
  states_back_.pack(std::array{t.hh, t.small_h}, kLayout, precision_);
  small_back_.pack(t.small_hh, kLayout, precision_);
  embedding_back_.pack(t.embedding, kLayout, precision_);
  for (std::size_t role = 0; role < kHyperRoles; ++role) {
    for (std::int64_t gate = 0; gate < kGates; ++gate) {
      scale_back_[role][static_cast<std::size_t>(gate)].pack(t.scale_of(role, gate), kLayout, precision_);
    }
  }
}

void HyperSequence::backward(const RecurrentSequence::Gradients& gradients) {
  pack_backward_weights();
  d_embeddings_.resize(layout_.rows(), embeddings_.columns());
  norm_gradients_.resize(layout_.batch(), layer_norm_gradient_size(shape_.hidden_size));
  small_norm_gradients_.resize(layout_.batch(), layer_norm_gradient_size(shape_.hyper_num_units));
  prepared_grad_.resize(layout_.batch(), products_.prepared_size());
  for (MatrixBuffer* sums : {&norm_gradients_, &small_norm_gradients_, &prepared_grad_}) sums->fill(0);
  const std::int64_t slices = slice_count(layout_, parameters_);
  parallel_for(slices, [&](std::int64_t s) { backward_slice({s, slices}, gradients); });
  HyperTensors<float> out(shape_, gradients.parameters);
  gradients_of_factors(gradients, out);
  gradients_of_small_cell(out);
  gradients_of_constant(gradients, out);
  sum_layer_norm_gradients(norm_gradients_.view(), out.norm);
  sum_layer_norm_gradients(small_norm_gradients_.view(), out.small_norm);
}

void HyperSequence::backward_slice(const BatchSlice& slice, const RecurrentSequence::Gradients& gradients) {
  BackwardSlice s(slice, shape_, layout_.batch());
  load_state(slice.of(gradients.final_state), {s.dh.view(), s.dc.view(), s.d_small_h.view(), s.d_small_c.view()});
  for (std::int64_t k = layout_.steps() - 1; k >= 0; --k) {
    const std::int64_t t = layout_.time(k), rows = slice.size(layout_.active(t));
    for (std::int64_t i = 0; input_.dropout.keep < 1 && i < rows; ++i) {
      fill_keep_mask(input_.dropout, slice.sequence(i), t, s.masks.columns(), s.masks.row(i));
    }
    main_cell_backward(s, t, gradients.hidden);
    small_cell_backward(s, t);
    states_backward(s, t);
  }
  store_state({s.dh.view(), s.dc.view(), s.d_small_h.view(), s.d_small_c.view()}, slice.of(gradients.initial_state));
}

// Through h', c' and the main gates to their factors.
void HyperSequence::main_cell_backward(BackwardSlice& s, std::int64_t t, ConstMatrix d_hidden) {
  const std::int64_t first = layout_.row(t, 0), active = layout_.active(t), rows = s.slice.size(active);
  const ConstMatrix embeddings = s.slice.of(ConstMatrix(embeddings_.view()).slice_rows(first, active));
  products_.scale(kScaleX, embeddings, s.scale_x.view().slice_rows(0, rows), s.scratch);
  products_.scale(kScaleH, embeddings, s.scale_h.view().slice_rows(0, rows), s.scratch);
  products_.from_x(s.slice.of(input_.x.slice_rows(first, active)), s.slice.of(ConstMatrix(prepared_.view())),
                   s.from_x.view().slice_rows(0, rows), s.scratch);
  const LayerNormWeights weights = layer_norm_weights(tensors().norm);
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t b = s.slice.sequence(i), row = first + b;
    if (d_hidden.data) add_row(d_hidden.row(row), shape_.hidden_size, s.dh.row(i));
    layer_norm_backward_row({.units = shape_.hidden_size,
                             .weights = weights,
                             .gates = gates_.row(row),
                             .mask = input_.dropout.keep < 1 ? s.masks.row(i) : nullptr,
                             .c_previous = cell_.row(layout_.previous(row)),
                             .c = cell_.row(row),
                             .statistics = statistics_.row(row),
                             .dh = s.dh.row(i),
                             .dc = s.dc.row(i),
                             .gradient = norm_gradients_.row(b),
                             .scratch = s.norm_scratch.row(0)});
    hyper_split_row({.count = gates_.columns(),
                     .d_gates = gates_.row(row),
                     .scale_x = s.scale_x.row(i),
                     .scale_h = s.scale_h.row(i),
                     .from_x = s.from_x.row(i),
                     .from_h = from_h_.row(row),
                     .d_from_h = s.d_from_h.row(i)});
    add_row(s.from_x.row(i), gates_.columns(), prepared_grad_.row(b));
  }
}

// From the scales and shifts through the embeddings and the small cell.
void HyperSequence::small_cell_backward(BackwardSlice& s, std::int64_t t) {
  const std::int64_t first = layout_.row(t, 0), active = layout_.active(t), rows = s.slice.size(active);
  const std::int64_t units = shape_.hidden_size, each = shape_.hyper_embedding_size;
  const Matrix d_embeddings = s.slice.of(d_embeddings_.view().slice_rows(first, active));
  const std::array<ConstMatrix, kHyperRoles> d_scale{s.scale_x.view().slice_rows(0, rows),
                                                     s.scale_h.view().slice_rows(0, rows),
                                                     s.slice.of(gates_.view().slice_rows(first, active))};
  for (std::size_t role = 0; role < kHyperRoles; ++role) {
    for (std::int64_t gate = 0; gate < kGates; ++gate) {
      const std::int64_t column = embedding_column(shape_, role, gate);
      scale_back_[role][static_cast<std::size_t>(gate)].multiply(d_scale[role].slice_columns(gate * units, units), {},
                                                                 d_embeddings.slice_columns(column, each), s.scratch);
    }
  }
  const Matrix d_small_h = s.d_small_h.view().slice_rows(0, rows);
  embedding_back_.multiply(d_embeddings, d_small_h, d_small_h, s.scratch);
  const LayerNormWeights weights = layer_norm_weights(tensors().small_norm);
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t b = s.slice.sequence(i), row = first + b;
    layer_norm_backward_row({.units = shape_.hyper_num_units,
                             .weights = weights,
                             .gates = small_gates_.row(row),
                             .mask = input_.dropout.keep < 1 ? s.masks.row(i) + units : nullptr,
                             .c_previous = small_cell_.row(layout_.previous(row)),
                             .c = small_cell_.row(row),
                             .statistics = small_statistics_.row(row),
                             .dh = s.d_small_h.row(i),
                             .dc = s.d_small_c.row(i),
                             .gradient = small_norm_gradients_.row(b),
                             .scratch = s.norm_scratch.row(0)});
    add_row(small_gates_.row(row), small_gates_.columns(), prepared_grad_.row(b) + gates_.columns());
  }
}

// To the states before the step.
void HyperSequence::states_backward(BackwardSlice& s, std::int64_t t) {
  const std::int64_t first = layout_.row(t, 0), active = layout_.active(t), rows = s.slice.size(active);
  const ConstMatrix da_small = s.slice.of(small_gates_.view().slice_rows(first, active));
  const std::array inputs{ConstMatrix(s.d_from_h.view().slice_rows(0, rows)), da_small};
  states_back_.multiply(inputs, {}, s.dh.view().slice_rows(0, rows), s.scratch);
  small_back_.multiply(da_small, {}, s.d_small_h.view().slice_rows(0, rows), s.scratch);
}

void HyperSequence::gradients_of_factors(const RecurrentSequence::Gradients& gradients, HyperTensors<float>& out) {
  Factors factors;
  PackedWeights to_x;
  const bool wants_x = gradients.x.data && shape_.input_size > 0;
  const auto t = tensors();
  if (wants_x) to_x.pack(std::array{t.ih_x, t.small_x}, WeightLayout::kInputMajor, precision_);
  for (std::int64_t first = 0; first < layout_.steps();) {
    std::int64_t last = first + 1;
    while (last < layout_.steps() && layout_.row(last, 0) - layout_.row(first, 0) < kChunkRows) ++last;
    const std::int64_t row = layout_.row(first, 0), rows = layout_.row(last - 1, 0) + layout_.active(last - 1) - row;
    for (MatrixBuffer* f : {&factors.scale_x, &factors.scale_h, &factors.from_x, &factors.d_from_h}) {
      f->resize(rows, gates_.columns());
    }
    split_steps(first, last, factors);
    accumulate_chunk(row, rows, factors, out);
    if (wants_x) {
      GemmScratch scratch;
      const std::array inputs{ConstMatrix(factors.from_x.view()),
                              ConstMatrix(small_gates_.view().slice_rows(row, rows))};
      to_x.multiply(inputs, {}, gradients.x.slice_rows(row, rows), scratch);
    }
    first = last;
  }
}

// Scales and W_ih x of steps [first, last) again, and the gradients of all four factors from dL/da.
void HyperSequence::split_steps(std::int64_t first, std::int64_t last, Factors& factors) {
  const auto split_step = [&](std::int64_t step) {
    const std::int64_t t = first + step, row = layout_.row(t, 0), rows = layout_.active(t);
    const std::int64_t at = row - layout_.row(first, 0);
    const ConstMatrix embeddings = embeddings_.view().slice_rows(row, rows);
    GemmScratch scratch;
    products_.scale(kScaleX, embeddings, factors.scale_x.view().slice_rows(at, rows), scratch);
    products_.scale(kScaleH, embeddings, factors.scale_h.view().slice_rows(at, rows), scratch);
    products_.from_x(input_.x.slice_rows(row, rows), prepared_.view(), factors.from_x.view().slice_rows(at, rows),
                     scratch);
    for (std::int64_t i = 0; i < rows; ++i) {
      hyper_split_row({.count = gates_.columns(),
                       .d_gates = gates_.row(row + i),
                       .scale_x = factors.scale_x.row(at + i),
                       .scale_h = factors.scale_h.row(at + i),
                       .from_x = factors.from_x.row(at + i),
                       .from_h = from_h_.row(row + i),
                       .d_from_h = factors.d_from_h.row(at + i)});
    }
  };
  const std::int64_t rows = layout_.row(last - 1, 0) + layout_.active(last - 1) - layout_.row(first, 0);
  parallel_for(last - first, split_step,
               product_operations(rows, gates_.columns(), 2 * shape_.hyper_embedding_size + shape_.input_size));
}

void HyperSequence::accumulate_chunk(std::int64_t first, std::int64_t rows, const Factors& factors,
                                     HyperTensors<float>& out) {
  const bool accumulate = first > 0;
  const float one = 1;
  const ConstMatrix da = gates_.view().slice_rows(first, rows);
  const WeightGradient hh{hidden_.view(), layout_.previous() + first, out.hh};
  const WeightGradient x{input_.x.slice_rows(first, rows), nullptr, out.ih_x};
  const WeightGradient bias{ConstMatrix(&one, rows, 1, 0), nullptr, Matrix(out.bias, kGates * shape_.hidden_size, 1)};
  weight_gradients(factors.d_from_h.view(), std::span(&hh, 1), accumulate, precision_);
  weight_gradients(factors.from_x.view(), std::span(&x, 1), accumulate, precision_);
  weight_gradients(da, std::span(&bias, 1), accumulate, precision_);
  const std::array<ConstMatrix, kHyperRoles> d_scale{factors.scale_x.view(), factors.scale_h.view(), da};
  const std::int64_t units = shape_.hidden_size, each = shape_.hyper_embedding_size;
  // Each is too small to be divided, so the twelve of them are.
  const auto gradient_of_scale = [&](std::int64_t i) {
    const auto role = static_cast<std::size_t>(i / kGates);
    const WeightGradient part{ConstMatrix(embeddings_.view()).slice_rows(first, rows).slice_columns(i * each, each),
                              nullptr, out.scale_of(role, i % kGates)};
    weight_gradients(d_scale[role].slice_columns(i % kGates * units, units), std::span(&part, 1), accumulate,
                     precision_);
  };
  constexpr auto kScales = static_cast<std::int64_t>(kHyperRoles) * kGates;
  parallel_for(kScales, gradient_of_scale, product_operations(rows, kScales * units, each));
}

void HyperSequence::gradients_of_small_cell(HyperTensors<float>& out) {
  const std::int64_t rows = layout_.rows(), width = kGates * shape_.hyper_embedding_size;
  const std::array parts{WeightGradient{small_hidden_.view(), layout_.previous(), out.small_hh},
                         WeightGradient{hidden_.view(), layout_.previous(), out.small_h},
                         WeightGradient{input_.x, nullptr, out.small_x}};
  weight_gradients(small_gates_.view(), parts, false, precision_);
  const float one = 1;
  for (std::size_t role = 0; role < kHyperRoles; ++role) {
    std::vector<WeightGradient> embedding{{small_hidden_.view(), nullptr, out.embedding[role]}};
    const std::span<float> bias = out.embedding_bias[role];
    if (!bias.empty()) embedding.push_back({ConstMatrix(&one, rows, 1, 0), nullptr, Matrix(bias, width, 1)});
    weight_gradients(ConstMatrix(d_embeddings_.view()).slice_columns(embedding_column(shape_, role, 0), width),
                     embedding, false, precision_);
  }
}

void HyperSequence::gradients_of_constant(const RecurrentSequence::Gradients& gradients, HyperTensors<float>& out) {
  if (shape_.constant_size == 0) return;
  const std::int64_t width = gates_.columns();
  const ConstMatrix sums = prepared_grad_.view();
  const WeightGradient main{input_.constant, nullptr, out.ih_z}, small{input_.constant, nullptr, out.small_z};
  weight_gradients(sums.slice_columns(0, width), std::span(&main, 1), false, precision_);
  weight_gradients(sums.slice_columns(width, sums.columns - width), std::span(&small, 1), false, precision_);
  if (!gradients.constant.data) return;
  const auto t = tensors();
  PackedWeights weights;
  weights.pack(std::array{t.ih_z, t.small_z}, WeightLayout::kInputMajor, precision_);
  multiply_parallel(weights, sums, {}, gradients.constant);
}

}  // namespace limn::kernels
