// Random problems for the recurrent engine, what it computes for them, and what the reference computes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/cell_reference.hpp"
#include "kernels/tape.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/cells/recurrent.hpp"
#include "testing/compare.hpp"

namespace limn::testing {

using kernels::CellShape;
using kernels::Direction;

struct CaseOptions {
  CellShape shape;
  Direction direction = Direction::kForward;
  std::vector<std::int64_t> lengths = {5, 4, 2};  // descending
  bool with_initial_state = false;
  float keep = 1;
};

// Everything that goes in, and the weights that turn the outputs into one loss:
// L = Σ hidden ⊙ hidden_weight + Σ final_state ⊙ final_weight.
struct Case {
  CaseOptions options;
  std::int64_t rows = 0, batch = 0, state = 0;
  std::vector<std::int64_t> active;
  std::vector<std::vector<float>> parameters;
  std::vector<float> x, constant, initial_state, hidden_weight, final_weight;
  kernels::RecurrentDropout dropout;

  [[nodiscard]] std::int64_t row(std::int64_t t, std::int64_t b) const {
    std::int64_t offset = 0;
    for (std::int64_t s = 0; s < t; ++s) offset += active[static_cast<std::size_t>(s)];
    return offset + b;
  }
};

// The outputs and gradients, in the layout of RecurrentSequence.
struct CaseResult {
  std::vector<float> hidden, final_state, d_x, d_constant, d_initial_state;
  std::vector<std::vector<float>> d_parameters;

  // Pointers to all of them, named by tensor_names().
  [[nodiscard]] std::vector<std::vector<float>*> tensors() {
    std::vector<std::vector<float>*> all{&hidden, &final_state, &d_x, &d_constant, &d_initial_state};
    for (auto& gradient : d_parameters) all.push_back(&gradient);
    return all;
  }
};

inline std::vector<std::string> tensor_names(const Case& c) {
  std::vector<std::string> names{"hidden", "final_state", "d x", "d constant", "d initial_state"};
  for (const auto& spec : kernels::cell_parameters(c.options.shape)) names.push_back("d " + spec.name);
  return names;
}

inline std::vector<float> random_values(std::int64_t count, RandomStream& random, float scale) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = scale * random.normal();
  return values;
}

inline Case make_case(const CaseOptions& options, std::uint64_t seed = 7) {
  Case c;
  RandomStream random(seed, Purpose::kTest);
  c.options = options;
  c.batch = static_cast<std::int64_t>(options.lengths.size());
  for (std::int64_t t = 0; !options.lengths.empty() && t < options.lengths.front(); ++t) {
    c.active.push_back(std::ranges::count_if(options.lengths, [&](std::int64_t length) { return length > t; }));
    c.rows += c.active.back();
  }
  c.state = kernels::state_size(options.shape);
  for (const auto& spec : kernels::cell_parameters(options.shape)) {
    c.parameters.push_back(random_values(static_cast<std::int64_t>(spec.count()), random, 0.4f));
    if (spec.name.find("gamma") != std::string::npos || spec.name.ends_with("zx.bias") ||
        spec.name.ends_with("zh.bias")) {
      for (float& value : c.parameters.back()) value += 1;
    }
  }
  c.x = random_values(c.rows * options.shape.input_size, random, 1);
  c.constant = random_values(c.batch * options.shape.constant_size, random, 1);
  if (options.with_initial_state) c.initial_state = random_values(c.batch * c.state, random, 0.7f);
  c.hidden_weight = random_values(c.rows * options.shape.hidden_size, random, 1);
  c.final_weight = random_values(c.batch * c.state, random, 1);
  c.dropout = {.keep = options.keep, .seed = 11, .step = 3};
  for (std::int64_t b = 0; b < c.batch; ++b) c.dropout.numbers.push_back(2 + 3 * b);
  return c;
}

template <class T>
MatrixView<T> matrix_of(std::vector<std::remove_const_t<T>>& values, std::int64_t rows, std::int64_t columns) {
  return values.empty() ? MatrixView<T>() : MatrixView<T>(values.data(), rows, columns);
}

inline kernels::RecurrentSequence::Input input_of(Case& c, const std::vector<std::span<const float>>& parameters) {
  const CellShape& shape = c.options.shape;
  return {.parameters = parameters,
          .active = c.active,
          .x = matrix_of<const float>(c.x, c.rows, shape.input_size),
          .constant = matrix_of<const float>(c.constant, c.batch, shape.constant_size),
          .initial_state = matrix_of<const float>(c.initial_state, c.batch, c.state),
          .dropout = c.dropout};
}

// Forward pass of `sequence` into the outputs of `r`; room for the gradients.
inline void run_forward(kernels::RecurrentSequence& sequence, Case& c, CaseResult& r) {
  r.hidden.resize(c.hidden_weight.size());
  r.final_state.resize(c.final_weight.size());
  r.d_x.resize(c.x.size());
  r.d_constant.resize(c.constant.size());
  r.d_initial_state.resize(c.final_weight.size());
  r.d_parameters.clear();
  for (const auto& parameter : c.parameters) r.d_parameters.emplace_back(parameter.size(), 123.0f);
  const std::vector<std::span<const float>> parameters(c.parameters.begin(), c.parameters.end());
  sequence.forward(input_of(c, parameters), matrix_of<float>(r.hidden, c.rows, c.options.shape.hidden_size),
                   matrix_of<float>(r.final_state, c.batch, c.state));
}

// Backward pass of the same sequence.
inline void run_backward(kernels::RecurrentSequence& sequence, Case& c, CaseResult& r) {
  const CellShape& shape = c.options.shape;
  const std::vector<std::span<float>> gradients(r.d_parameters.begin(), r.d_parameters.end());
  sequence.backward({.hidden = matrix_of<const float>(c.hidden_weight, c.rows, shape.hidden_size),
                     .final_state = matrix_of<const float>(c.final_weight, c.batch, c.state),
                     .parameters = gradients,
                     .x = matrix_of<float>(r.d_x, c.rows, shape.input_size),
                     .constant = matrix_of<float>(r.d_constant, c.batch, shape.constant_size),
                     .initial_state = matrix_of<float>(r.d_initial_state, c.batch, c.state)});
}

// Both passes of a sequence of its own.
inline CaseResult run_kernels(Case& c, kernels::Precision precision = kernels::Precision::kFloat32) {
  kernels::RecurrentSequence sequence(c.options.shape, c.options.direction, precision);
  CaseResult r;
  run_forward(sequence, c, r);
  run_backward(sequence, c, r);
  return r;
}

// All inputs of a case in one type of scalar.
template <class S>
struct CaseInputs {
  explicit CaseInputs(const Case& c) : x(c.x.begin(), c.x.end()), constant(c.constant.begin(), c.constant.end()) {
    const std::vector<float> zero(c.final_weight.size());
    const auto& first = c.initial_state.empty() ? zero : c.initial_state;
    initial_state.assign(first.begin(), first.end());  // each with a node of its own
    for (const auto& parameter : c.parameters) parameters.emplace_back(parameter.begin(), parameter.end());
  }
  // change(value) for every number.
  template <class Change>
  void for_each_value(const Change& change) {
    for (Values<S>* values : {&x, &constant, &initial_state}) std::ranges::for_each(*values, change);
    for (Values<S>& values : parameters) std::ranges::for_each(values, change);
  }

  std::vector<Values<S>> parameters;
  Values<S> x, constant, initial_state;
};

// The reference: the loss, and the outputs where wanted.
template <class S>
S reference_loss(const Case& c, const CaseInputs<S>& in, Values<S>* hidden = nullptr,
                 Values<S>* final_state = nullptr) {
  const CellShape& shape = c.options.shape;
  const CellReference<S> cell(shape, in.parameters);
  const auto units = static_cast<std::size_t>(shape.hidden_size);
  const std::size_t small =
      shape.type == kernels::CellType::kHyper ? static_cast<std::size_t>(shape.hyper_num_units) : 0;
  const auto slice = [](const Values<S>& v, std::size_t first, std::size_t count) {
    return Values<S>(v.begin() + static_cast<std::ptrdiff_t>(first),
                     v.begin() + static_cast<std::ptrdiff_t>(first + count));
  };
  S loss(0.0);
  for (std::int64_t b = 0; b < c.batch; ++b) {
    const auto first = static_cast<std::size_t>(b * c.state);
    CellState<S> state{slice(in.initial_state, first, units), slice(in.initial_state, first + units, units),
                       slice(in.initial_state, first + 2 * units, small),
                       slice(in.initial_state, first + 2 * units + small, small)};
    const std::int64_t length = c.options.lengths[static_cast<std::size_t>(b)];
    for (std::int64_t k = 0; k < length; ++k) {
      const std::int64_t t = c.options.direction == Direction::kForward ? k : length - 1 - k;
      const auto row = static_cast<std::size_t>(c.row(t, b));
      const auto d = static_cast<std::size_t>(shape.input_size), z = static_cast<std::size_t>(shape.constant_size);
      Values<S> input = slice(in.x, row * d, d);
      const Values<S> constant = slice(in.constant, static_cast<std::size_t>(b) * z, z);
      input.insert(input.end(), constant.begin(), constant.end());
      Values<double> mask;
      for (std::size_t j = 0; j < units + small; ++j) {
        mask.push_back(kernels::keep_mask(c.dropout, b, t, static_cast<std::int64_t>(j)));
      }
      cell.step(input, mask, state);
      for (std::size_t j = 0; j < units; ++j) {
        loss = loss + state.h[j] * S(c.hidden_weight[row * units + j]);
        if (hidden) (*hidden)[row * units + j] = state.h[j];
      }
    }
    Values<S> last = state.h;
    for (const auto* part : {&state.c, &state.hyper_h, &state.hyper_c})
      last.insert(last.end(), part->begin(), part->end());
    for (std::size_t j = 0; j < last.size(); ++j) {
      loss = loss + last[j] * S(c.final_weight[first + j]);
      if (final_state) (*final_state)[first + j] = last[j];
    }
  }
  return loss;
}

// Outputs and gradients of the reference, by the tape, rounded to float at the end. Each input is off by up to
// relative_error of itself, drawn by `seed`.
inline CaseResult run_reference(const Case& c, double relative_error = 0, std::uint64_t seed = 0) {
  Tape::current().clear();
  CaseInputs<Var> in(c);
  RandomStream random(seed, Purpose::kTest);
  if (relative_error > 0)
    in.for_each_value([&](Var& var) { var.value *= 1 + relative_error * (2.0 * random.uniform() - 1); });
  Values<Var> hidden(c.hidden_weight.size()), final_state(c.final_weight.size());
  const Var loss = reference_loss(c, in, &hidden, &final_state);
  const std::vector<double> gradient = Tape::current().gradients(loss.node);
  const auto values_of = [](const Values<Var>& vars) {
    std::vector<float> out;
    for (const Var& var : vars) out.push_back(static_cast<float>(var.value));
    return out;
  };
  const auto gradients_of = [&](const Values<Var>& vars) {
    std::vector<float> out;
    for (const Var& var : vars) out.push_back(static_cast<float>(gradient[var.node]));
    return out;
  };
  CaseResult r{.hidden = values_of(hidden),
               .final_state = values_of(final_state),
               .d_x = gradients_of(in.x),
               .d_constant = gradients_of(in.constant),
               .d_initial_state = gradients_of(in.initial_state),
               .d_parameters = {}};
  for (const auto& parameter : in.parameters) r.d_parameters.push_back(gradients_of(parameter));
  return r;
}

// The sensitivity of each element of run_reference() to rounding the inputs, to float32 where not said otherwise: the
// root mean square of its change over kConditionDraws.
inline CaseResult reference_sensitivity(const Case& c, double half_unit = kHalfUnit) {
  CaseResult exact = run_reference(c), sums = exact;
  const auto expected = exact.tensors(), sum = sums.tensors();
  for (auto* values : sum) std::ranges::fill(*values, 0.0f);
  for (std::uint64_t draw = 0; draw < kConditionDraws; ++draw) {
    CaseResult moved = run_reference(c, half_unit, draw);
    const auto actual = moved.tensors();
    for (std::size_t k = 0; k < sum.size(); ++k) {
      for (std::size_t i = 0; i < sum[k]->size(); ++i)
        (*sum[k])[i] = std::hypot((*sum[k])[i], (*actual[k])[i] - (*expected[k])[i]);
    }
  }
  for (auto* values : sum) {
    for (float& value : *values) value /= std::sqrt(static_cast<float>(kConditionDraws));
  }
  return sums;
}

}  // namespace limn::testing
