// The public side of recurrent.hpp: names and shapes of parameters, checks, and the choice of the cell.
#include "limn/kernels/cells/recurrent.hpp"

#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/kernels/cells/cell_sequence.hpp"

namespace limn::kernels {
namespace {

void append_layer_norm_parameters(std::int64_t units, const std::string& prefix, std::vector<ParameterSpec>& specs) {
  specs.push_back({prefix + "gamma", {kGates * units}});
  specs.push_back({prefix + "beta", {kGates * units}});
  specs.push_back({prefix + "cell_gamma", {units}});
  specs.push_back({prefix + "cell_beta", {units}});
}

void append_hyper_parameters(const CellShape& shape, std::vector<ParameterSpec>& specs) {
  const std::int64_t units = shape.hyper_num_units, embedding = kGates * shape.hyper_embedding_size;
  const std::int64_t gates = kGates * shape.hidden_size, each = shape.hyper_embedding_size;
  const std::int64_t inputs = shape.input_size + shape.constant_size + shape.hidden_size;
  specs.push_back({"hyper.weight_ih", {kGates * units, inputs}});
  specs.push_back({"hyper.weight_hh", {kGates * units, units}});
  append_layer_norm_parameters(units, "hyper.", specs);
  specs.push_back({"zx.weight", {embedding, units}});
  specs.push_back({"zx.bias", {embedding}});
  specs.push_back({"zh.weight", {embedding, units}});
  specs.push_back({"zh.bias", {embedding}});
  specs.push_back({"zb.weight", {embedding, units}});
  specs.push_back({"alpha_x.weight", {gates, each}});
  specs.push_back({"alpha_h.weight", {gates, each}});
  specs.push_back({"beta_h.weight", {gates, each}});
}

void check_shape(const CellShape& shape) {
  require(shape.hidden_size > 0 && shape.hidden_size <= 32768, "recurrent: hidden_size is {}, expected 1 to 32768",
          shape.hidden_size);
  require(shape.input_size >= 0 && shape.constant_size >= 0,
          "recurrent: input_size {} and constant_size {} must not be negative", shape.input_size, shape.constant_size);
  if (shape.type != CellType::kHyper) return;
  require(shape.hyper_num_units > 0 && shape.hidden_size + shape.hyper_num_units <= 32768,
          "recurrent: hyper_num_units is {}, expected at least 1 and with hidden_size at most 32768",
          shape.hyper_num_units);
  require(shape.hyper_embedding_size > 0, "recurrent: hyper_embedding_size is {}, expected at least 1",
          shape.hyper_embedding_size);
}

template <class Spans>
void check_parameters(const CellShape& shape, const Spans& given, const char* what) {
  const auto specs = cell_parameters(shape);
  require(given.size() == specs.size(), "recurrent: {} {} given, expected {}", given.size(), what, specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const std::size_t expected = specs[i].count();
    require(given[i].size() == expected, "recurrent: {} of {} has {} elements, expected {}", what, specs[i].name,
            given[i].size(), expected);
  }
}

template <class T>
void check_matrix(const char* name, const MatrixView<T>& matrix, std::int64_t rows, std::int64_t columns,
                  bool may_be_empty) {
  if (!matrix.data && (may_be_empty || rows * columns == 0)) return;
  require(matrix.data && matrix.rows == rows && matrix.columns == columns,
          "recurrent: {} is [{}, {}], expected [{}, {}]", name, matrix.rows, matrix.columns, rows, columns);
}

void check_active(std::span<const std::int64_t> active) {
  for (std::size_t t = 0; t < active.size(); ++t) {
    require(active[t] > 0 && (t == 0 || active[t] <= active[t - 1]),
            "recurrent: {} sequences are active at step {}, expected at least 1 and no more than before", active[t], t);
  }
  require(active.size() < (std::size_t{1} << 20), "recurrent: {} steps, expected fewer than 2^20", active.size());
}

std::unique_ptr<CellSequence> make_sequence(const CellShape& shape, Direction direction, Precision precision) {
  switch (shape.type) {
    case CellType::kLstm:
      return make_lstm_sequence(shape, direction, precision);
    case CellType::kLayerNorm:
      return make_layer_norm_sequence(shape, direction, precision);
    case CellType::kHyper:
      return make_hyper_sequence(shape, direction, precision);
  }
  fail("recurrent: unknown cell type {}", static_cast<int>(shape.type));
}

}  // namespace

CellType cell_type_named(std::string_view name) {
  if (name == "lstm") return CellType::kLstm;
  if (name == "layer_norm") return CellType::kLayerNorm;
  if (name == "hyper") return CellType::kHyper;
  fail("{}: no such cell; choose lstm, layer_norm or hyper", printable(name));
}

std::vector<ParameterSpec> cell_parameters(const CellShape& shape) {
  const std::int64_t units = shape.hidden_size, gates = kGates * units;
  std::vector<ParameterSpec> specs{{"weight_ih", {gates, shape.input_size + shape.constant_size}},
                                   {"weight_hh", {gates, units}}};
  if (shape.type != CellType::kLayerNorm) specs.push_back({"bias", {gates}});
  if (shape.type != CellType::kLstm) append_layer_norm_parameters(units, "", specs);
  if (shape.type == CellType::kHyper) append_hyper_parameters(shape, specs);
  return specs;
}

std::int64_t state_size(const CellShape& shape) {
  return 2 * shape.hidden_size + (shape.type == CellType::kHyper ? 2 * shape.hyper_num_units : 0);
}

struct RecurrentSequence::Impl {
  CellShape shape;
  std::unique_ptr<CellSequence> cell;
  std::int64_t rows = 0, batch = 0;
  bool can_go_back = false;
};

RecurrentSequence::RecurrentSequence(const CellShape& shape, Direction direction, Precision precision)
    : impl_(std::make_unique<Impl>()) {
  check_shape(shape);
  impl_->shape = shape;
  impl_->cell = make_sequence(shape, direction, precision);
}
RecurrentSequence::~RecurrentSequence() = default;
RecurrentSequence::RecurrentSequence(RecurrentSequence&&) noexcept = default;
RecurrentSequence& RecurrentSequence::operator=(RecurrentSequence&&) noexcept = default;

void RecurrentSequence::forward(const Input& input, Matrix hidden, Matrix final_state) {
  const CellShape& shape = impl_->shape;
  check_active(input.active);
  impl_->batch = input.active.empty() ? 0 : input.active.front();
  impl_->rows = 0;
  for (const std::int64_t count : input.active) impl_->rows += count;
  require(impl_->rows + impl_->batch < (std::int64_t{1} << 31), "recurrent: {} rows are too many", impl_->rows);
  check_parameters(shape, input.parameters, "parameters");
  check_matrix("x", input.x, impl_->rows, shape.input_size, false);
  check_matrix("constant", input.constant, impl_->batch, shape.constant_size, false);
  check_matrix("initial_state", input.initial_state, impl_->batch, state_size(shape), true);
  check_matrix("hidden", hidden, impl_->rows, shape.hidden_size, true);
  check_matrix("final_state", final_state, impl_->batch, state_size(shape), true);
  require(input.dropout.keep > 0, "recurrent: dropout keeps {}, expected more than 0 and at most 1",
          input.dropout.keep);
  impl_->can_go_back = false;
  if (impl_->rows > 0) impl_->cell->forward(input, hidden, final_state);
  impl_->can_go_back = input.keep_for_backward;
}

void RecurrentSequence::backward(const Gradients& gradients) {
  const CellShape& shape = impl_->shape;
  require(impl_->can_go_back, "recurrent: backward() needs a forward() before it that keeps what it needs");
  check_parameters(shape, gradients.parameters, "gradients");
  check_matrix("gradient of hidden", gradients.hidden, impl_->rows, shape.hidden_size, true);
  check_matrix("gradient of final_state", gradients.final_state, impl_->batch, state_size(shape), true);
  check_matrix("gradient of x", gradients.x, impl_->rows, shape.input_size, true);
  check_matrix("gradient of constant", gradients.constant, impl_->batch, shape.constant_size, true);
  check_matrix("gradient of initial_state", gradients.initial_state, impl_->batch, state_size(shape), true);
  impl_->can_go_back = false;
  if (impl_->rows > 0) return impl_->cell->backward(gradients);
  for (const std::span<float> gradient : gradients.parameters) std::ranges::fill(gradient, 0.0f);
}

}  // namespace limn::kernels
