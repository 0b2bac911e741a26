#include "limn/kernels/cells/gated_sequence.hpp"

#include <algorithm>
#include <array>

#include "limn/kernels/cells/cell_rows.hpp"
#include "limn/kernels/cells/dropout.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::kernels {

GatedSequence::GatedSequence(const CellShape& shape, Direction direction, Precision precision)
    : shape_(shape), precision_(precision), direction_(direction) {}

void GatedSequence::pack_forward_weights() {
  const GatedTensors<const float> t = tensors();
  step_weights_.pack(std::array{t.hh, t.ih_x}, WeightLayout::kOutputMajor, precision_);
  const std::int64_t width = kGates * shape_.hidden_size;
  const ConstMatrix repeated = t.bias.empty() ? ConstMatrix() : ConstMatrix(t.bias.data(), layout_.batch(), width, 0);
  constant_.clear();
  if (shape_.constant_size > 0) {
    PackedWeights weights;
    weights.pack(t.ih_z, WeightLayout::kOutputMajor, precision_);
    constant_.resize(layout_.batch(), width);
    multiply_parallel(weights, input_.constant, repeated, constant_.view());
  } else if (!t.bias.empty()) {
    constant_.resize(1, width);
    std::copy(t.bias.begin(), t.bias.end(), constant_.row(0));
  }
}

void GatedSequence::forward(const RecurrentSequence::Input& input, Matrix hidden, Matrix final_state) {
  const std::int64_t units = shape_.hidden_size;
  input_ = input;
  parameters_.assign(input.parameters.begin(), input.parameters.end());
  layout_ = SequenceLayout(input.active, direction_);
  pack_forward_weights();
  const std::int64_t kept = input.keep_for_backward ? layout_.rows() : 0;
  gates_.resize(kept, kGates * units);
  const std::int64_t states = input.keep_for_backward ? kept + layout_.batch() : 0;
  hidden_.resize(states, units);
  cell_.resize(states, units);
  if (input.keep_for_backward) {
    load_state(input.initial_state,
               {hidden_.view().slice_rows(kept, layout_.batch()), cell_.view().slice_rows(kept, layout_.batch())});
  }
  prepare_forward(input.keep_for_backward);
  const std::int64_t slices = slice_count(layout_, parameters_);
  parallel_for(slices, [&](std::int64_t s) { forward_slice({s, slices}, hidden, final_state); });
}

void GatedSequence::forward_slice(const BatchSlice& slice, Matrix hidden, Matrix final_state) {
  const std::int64_t units = shape_.hidden_size, size = slice.size(layout_.batch());
  const bool keep = input_.keep_for_backward, drops = input_.dropout.keep < 1;
  MatrixBuffer h, c, gates_of_step;
  AlignedBuffer<float> mask(static_cast<std::size_t>(drops ? units : 0));
  GemmScratch scratch;
  h.resize(size, units);
  c.resize(size, units);
  if (!keep) gates_of_step.resize(size, kGates * units);
  load_state(slice.of(input_.initial_state), {h.view(), c.view()});
  const bool one_constant = shape_.constant_size == 0 && !constant_.empty();
  for (std::int64_t k = 0; k < layout_.steps(); ++k) {
    const std::int64_t t = layout_.time(k), first = layout_.row(t, 0), rows = slice.size(layout_.active(t));
    if (rows == 0) continue;
    const Matrix gates =
        keep ? slice.of(gates_.view().slice_rows(first, layout_.active(t))) : gates_of_step.view().slice_rows(0, rows);
    const std::array inputs{ConstMatrix(h.view().slice_rows(0, rows)),
                            slice.of(input_.x.slice_rows(first, layout_.active(t)))};
    ConstMatrix init = constant_.view();
    if (one_constant)
      init = {constant_.row(0), rows, gates.columns, 0};
    else if (!constant_.empty())
      init = slice.of(init);
    step_weights_.multiply(inputs, init, gates, scratch);
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::int64_t b = slice.sequence(i), row = first + b;
      if (drops) fill_keep_mask(input_.dropout, b, t, units, mask.data());
      forward_row({.sequence = b,
                   .row = row,
                   .gates = gates.row(i),
                   .mask = drops ? mask.data() : nullptr,
                   .c_previous = c.row(i),
                   .c = c.row(i),
                   .h = h.row(i)});
      if (keep) std::copy_n(h.row(i), units, hidden_.row(row));
      if (keep) std::copy_n(c.row(i), units, cell_.row(row));
      if (hidden.data) std::copy_n(h.row(i), units, hidden.row(row));
    }
  }
  store_state({h.view(), c.view()}, slice.of(final_state));
}

void GatedSequence::backward(const RecurrentSequence::Gradients& gradients) {
  back_weights_.pack(tensors().hh, WeightLayout::kInputMajor, precision_);
  constant_grad_.resize(shape_.constant_size > 0 ? layout_.batch() : 0, kGates * shape_.hidden_size);
  constant_grad_.fill(0);
  prepare_backward();
  const std::int64_t slices = slice_count(layout_, parameters_);
  parallel_for(slices, [&](std::int64_t s) { backward_slice({s, slices}, gradients); });
  const GatedTensors<float> out(shape_, gradients.parameters);
  gradients_of_weights(out);
  gradients_of_inputs(gradients);
  finish_backward(out);
}

void GatedSequence::backward_slice(const BatchSlice& slice, const RecurrentSequence::Gradients& gradients) {
  const std::int64_t units = shape_.hidden_size, size = slice.size(layout_.batch());
  const bool drops = input_.dropout.keep < 1;
  MatrixBuffer dh, dc;
  AlignedBuffer<float> mask(static_cast<std::size_t>(drops ? units : 0));
  GemmScratch scratch;
  dh.resize(size, units);
  dc.resize(size, units);
  load_state(slice.of(gradients.final_state), {dh.view(), dc.view()});
  for (std::int64_t k = layout_.steps() - 1; k >= 0; --k) {
    const std::int64_t t = layout_.time(k), first = layout_.row(t, 0), rows = slice.size(layout_.active(t));
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::int64_t b = slice.sequence(i), row = first + b;
      if (drops) fill_keep_mask(input_.dropout, b, t, units, mask.data());
      if (gradients.hidden.data) add_row(gradients.hidden.row(row), units, dh.row(i));
      backward_row({.sequence = b,
                    .row = row,
                    .gates = gates_.row(row),
                    .mask = drops ? mask.data() : nullptr,
                    .c_previous = cell_.row(layout_.previous(row)),
                    .c = cell_.row(row),
                    .dh = dh.row(i),
                    .dc = dc.row(i)});
      if (!constant_grad_.empty()) add_row(gates_.row(row), kGates * units, constant_grad_.row(b));
    }
    const ConstMatrix da = slice.of(gates_.view().slice_rows(first, layout_.active(t)));
    back_weights_.multiply(da, {}, dh.view().slice_rows(0, rows), scratch);
  }
  store_state({dh.view(), dc.view()}, slice.of(gradients.initial_state));
}

void GatedSequence::gradients_of_weights(const GatedTensors<float>& out) {
  const float one = 1;
  std::vector<WeightGradient> parts{
      {hidden_.view(), layout_.previous(), out.hh},
      {input_.x, nullptr, out.ih_x},
  };
  // The gradient of the bias is the sum of dL/da over all rows.
  if (!out.bias.empty())
    parts.push_back({ConstMatrix(&one, layout_.rows(), 1, 0), nullptr, Matrix(out.bias, gates_.columns(), 1)});
  weight_gradients(gates_.view(), parts, false, precision_);
  if (shape_.constant_size > 0) {
    const WeightGradient part{input_.constant, nullptr, out.ih_z};
    weight_gradients(constant_grad_.view(), std::span(&part, 1), false, precision_);
  }
}

void GatedSequence::gradients_of_inputs(const RecurrentSequence::Gradients& gradients) {
  PackedWeights weights;
  if (gradients.x.data && shape_.input_size > 0) {
    weights.pack(tensors().ih_x, WeightLayout::kInputMajor, precision_);
    multiply_parallel(weights, gates_.view(), {}, gradients.x);
  }
  if (gradients.constant.data && shape_.constant_size > 0) {
    weights.pack(tensors().ih_z, WeightLayout::kInputMajor, precision_);
    multiply_parallel(weights, constant_grad_.view(), {}, gradients.constant);
  }
}

}  // namespace limn::kernels
