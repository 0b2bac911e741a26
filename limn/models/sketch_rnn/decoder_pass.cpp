#include "limn/models/sketch_rnn/decoder_pass.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/kernels/cells/cell_rows.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::models {
namespace {

constexpr double kTanhOperations = 50;
// A generator's ten rounds give eight masks.
constexpr double kMaskOperations = 20;

double values_in(ConstMatrix m) { return static_cast<double>(m.rows * m.columns); }

// With input dropout z is masked anew at each step, so it is not constant any more: the same weights, all columns
// varying.
kernels::CellShape shape_of_cell(kernels::CellShape shape, bool drops_inputs) {
  if (!drops_inputs) return shape;
  shape.input_size += shape.constant_size;
  shape.constant_size = 0;
  return shape;
}

// body(t, first row of the step, its rows) for every step.
template <class Body>
void for_each_step(std::span<const std::int64_t> active, double operations, const Body& body) {
  std::vector<std::int64_t> first(active.size(), 0);
  for (std::size_t t = 1; t < active.size(); ++t) first[t] = first[t - 1] + active[t - 1];
  const auto step = [&](std::int64_t t) {
    body(t, first[static_cast<std::size_t>(t)], active[static_cast<std::size_t>(t)]);
  };
  kernels::parallel_for(std::ssize(active), step, operations);
}

// The inverted-dropout mask of every packed row.
void fill_packed_mask(std::span<const std::int64_t> active, const kernels::RecurrentDropout& dropout, Matrix mask) {
  for_each_step(active, kMaskOperations * values_in(mask), [&](std::int64_t t, std::int64_t first, std::int64_t rows) {
    for (std::int64_t b = 0; b < rows; ++b) kernels::fill_keep_mask(dropout, b, t, mask.columns, mask.row(first + b));
  });
}

// Rows are contiguous.
void multiply_by(ConstMatrix mask, Matrix values) {
  constexpr std::int64_t kRowsAtOnce = 64;
  const auto multiply_rows = [&](std::int64_t task) {
    const std::int64_t last = std::min(values.rows, (task + 1) * kRowsAtOnce);
    for (std::int64_t r = task * kRowsAtOnce; r < last; ++r)
      for (std::int64_t j = 0; j < values.columns; ++j) values(r, j) *= mask(r, j);
  };
  kernels::parallel_for((values.rows + kRowsAtOnce - 1) / kRowsAtOnce, multiply_rows, values_in(values));
}

}  // namespace

void squash(Matrix values) {
  const auto squash_row = [&](std::int64_t r) {
    for (std::int64_t j = 0; j < values.columns; ++j) values(r, j) = std::tanh(values(r, j));
  };
  kernels::parallel_for(values.rows, squash_row, kTanhOperations * values_in(values));
}

SketchRnnDecoderPass::SketchRnnDecoderPass(const SketchRnnOptions& options, kernels::Precision precision,
                                           bool drops_inputs)
    : shape_(decoder_shape(options)),
      drops_inputs_(drops_inputs),
      cell_(shape_of_cell(shape_, drops_inputs), kernels::Direction::kForward, precision),
      output_(precision) {}

// x_ = [S_i; z] ⊙ mask, row by row.
void SketchRnnDecoderPass::drop_inputs(const Input& input) {
  const ConstMatrix points(input.batch.inputs, input.batch.rows(), sketch::kStroke5);
  const std::int64_t z_size = shape_.constant_size;
  x_.resize(points.rows, sketch::kStroke5 + z_size);
  input_mask_.resize(points.rows, sketch::kStroke5 + z_size);
  fill_packed_mask(active_, input.input_dropout, input_mask_.view());
  for_each_step(active_, values_in(x_.view()), [&](std::int64_t, std::int64_t first, std::int64_t rows) {
    for (std::int64_t b = 0; b < rows; ++b) {
      float* const row = x_.row(first + b);
      std::copy_n(points.row(first + b), sketch::kStroke5, row);
      if (z_size > 0) std::copy_n(z_.row(b), z_size, row + sketch::kStroke5);
    }
  });
  multiply_by(input_mask_.view(), x_.view());
}

void SketchRnnDecoderPass::forward(const SketchRnnWeights& weights, const Input& input) {
  const std::int64_t rows = input.batch.rows(), size = input.batch.batch_size();
  require(drops_inputs_ == (input.input_dropout.keep < 1), "decoder pass: it is made for other input dropout");
  active_ = input.batch.active;
  z_ = input.z;
  drops_outputs_ = input.output_dropout.keep < 1;
  kernels::RecurrentSequence::Input sequence{.parameters = weights.decoder_cell,
                                             .active = active_,
                                             .x = ConstMatrix(input.batch.inputs, rows, sketch::kStroke5),
                                             .dropout = input.recurrent_dropout,
                                             .keep_for_backward = input.keep_for_backward};
  if (weights.options.conditional) {
    states_.resize(size, kernels::state_size(shape_));
    const LinearWeights& layer = weights.initial_state;
    initial_state_.forward(ConstMatrix(layer.weight, states_.columns(), z_.columns), layer.bias, z_, states_.view());
    squash(states_.view());
    sequence.initial_state = states_.view();
    sequence.constant = z_;
  }
  if (drops_inputs_) {
    drop_inputs(input);
    sequence.x = x_.view();
    sequence.constant = {};
  }
  hidden_.resize(rows, shape_.hidden_size);
  cell_.forward(sequence, hidden_.view(), {});
  if (drops_outputs_) {
    output_mask_.resize(rows, shape_.hidden_size);
    fill_packed_mask(active_, input.output_dropout, output_mask_.view());
    multiply_by(output_mask_.view(), hidden_.view());
  }
  outputs_.resize(rows, kernels::output_size(weights.options.num_mixture));
  output_.forward(ConstMatrix(weights.output.weight, outputs_.columns(), shape_.hidden_size), weights.output.bias,
                  hidden_.view(), outputs_.view());
}

void SketchRnnDecoderPass::backward(const SketchRnnWeights& weights, ConstMatrix d_outputs,
                                    const SketchRnnGradients& gradients, Matrix d_z) {
  d_hidden_.resize(hidden_.rows(), shape_.hidden_size);
  output_.backward(ConstMatrix(weights.output.weight, outputs_.columns(), shape_.hidden_size), hidden_.view(),
                   d_outputs, Matrix(gradients.output.weight, outputs_.columns(), shape_.hidden_size),
                   gradients.output.bias, d_hidden_.view());
  if (drops_outputs_) multiply_by(output_mask_.view(), d_hidden_.view());
  kernels::RecurrentSequence::Gradients sequence{.hidden = d_hidden_.view(), .parameters = gradients.decoder_cell};
  if (!weights.options.conditional) return cell_.backward(sequence);

  d_states_.resize(states_.rows(), states_.columns());
  sequence.initial_state = d_states_.view();
  if (drops_inputs_) {
    d_x_.resize(x_.rows(), x_.columns());
    sequence.x = d_x_.view();
  } else {
    d_constant_.resize(z_.rows, z_.columns);
    sequence.constant = d_constant_.view();
  }
  cell_.backward(sequence);
  // Through tanh, whose derivative is 1 - tanh².
  for (std::int64_t b = 0; b < states_.rows(); ++b)
    for (std::int64_t j = 0; j < states_.columns(); ++j)
      d_states_.row(b)[j] *= 1 - states_.row(b)[j] * states_.row(b)[j];
  initial_state_.backward(ConstMatrix(weights.initial_state.weight, states_.columns(), z_.columns), z_,
                          d_states_.view(), Matrix(gradients.initial_state.weight, states_.columns(), z_.columns),
                          gradients.initial_state.bias, d_z);
  add_cell_gradient(d_z);
}

// Adds what reached z through the cell's input.
void SketchRnnDecoderPass::add_cell_gradient(Matrix d_z) const {
  if (!drops_inputs_) {
    for (std::int64_t b = 0; b < d_z.rows; ++b)
      for (std::int64_t k = 0; k < d_z.columns; ++k) d_z(b, k) += d_constant_.row(b)[k];
    return;
  }
  std::int64_t row = 0;
  for (const std::int64_t rows : active_)
    for (std::int64_t b = 0; b < rows; ++b, ++row)
      for (std::int64_t k = 0; k < d_z.columns; ++k)
        d_z(b, k) += d_x_.row(row)[sketch::kStroke5 + k] * input_mask_.row(row)[sketch::kStroke5 + k];
}

}  // namespace limn::models
