// Single steps for drawing: the same products and rows as for whole sequences, with weights packed once.
// Always with our own products, so that a sequence's next state does not depend on the others beside it.
#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/kernels/cells/cell_rows.hpp"
#include "limn/kernels/cells/cell_tensors.hpp"
#include "limn/kernels/cells/hyper_products.hpp"
#include "limn/kernels/cells/hyper_rows.hpp"
#include "limn/kernels/cells/layer_norm_rows.hpp"
#include "limn/kernels/cells/recurrent.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::kernels {

namespace {

// The interface of a cell behind CellStepper. Immutable, so a step may be divided into ranges of sequences.
class SteppingCell {
 public:
  explicit SteppingCell(const CellShape& cell) : shape(cell) {}
  virtual ~SteppingCell() = default;
  virtual void prepare(ConstMatrix constant, Matrix prepared) const = 0;
  virtual void step(ConstMatrix x, ConstMatrix prepared, Matrix state) const = 0;
  [[nodiscard]] virtual std::int64_t prepared_size() const = 0;
  const CellShape shape;
};

// The vectors of a layer norm, owned. None for a cell without one.
class NormVectors {
 public:
  NormVectors() = default;
  explicit NormVectors(Parameters norm) {
    for (const auto vector : norm) vectors_.emplace_back(vector.begin(), vector.end());
  }
  // One sequence's next state in place: `state` is [h, c] of `units` each, `gates` its pre-activations.
  void step_row(std::int64_t units, float* gates, float* state) const {
    float unused[kLayerNormStatistics];
    float* c = state + units;
    layer_norm_forward_row({.units = units,
                            .weights = layer_norm_weights(vectors_),
                            .gates = gates,
                            .c_previous = c,
                            .c = c,
                            .h = state,
                            .statistics = unused});
  }

 private:
  std::vector<std::vector<float>> vectors_;  // see NormParameter
};

// lstm and layer_norm: one product, then one row call a sequence.
class GatedStepper final : public SteppingCell {
 public:
  GatedStepper(const CellShape& cell, Parameters parameters, Precision precision) : SteppingCell(cell) {
    const GatedTensors<const float> t(shape, parameters);
    step_weights_.pack(std::array{t.hh, t.ih_x}, WeightLayout::kOutputMajor, precision, GemmBackend::kPortable);
    constant_weights_.pack(t.ih_z, WeightLayout::kOutputMajor, precision, GemmBackend::kPortable);
    bias_.assign(t.bias.begin(), t.bias.end());
    norm_ = NormVectors(t.norm);
  }

  [[nodiscard]] std::int64_t prepared_size() const override { return kGates * shape.hidden_size; }

  void prepare(ConstMatrix constant, Matrix prepared) const override {
    const ConstMatrix bias =
        bias_.empty() ? ConstMatrix() : ConstMatrix(bias_.data(), prepared.rows, prepared.columns, 0);
    GemmScratch scratch;
    constant_weights_.multiply(constant, bias, prepared, scratch);
  }

  void step(ConstMatrix x, ConstMatrix prepared, Matrix state) const override {
    const std::int64_t units = shape.hidden_size;
    GemmScratch scratch;
    MatrixBuffer gates;
    gates.resize(state.rows, kGates * units);
    const std::array inputs{ConstMatrix(state.slice_columns(0, units)), x};
    step_weights_.multiply(inputs, prepared, gates.view(), scratch);
    for (std::int64_t b = 0; b < state.rows; ++b) {
      float* h = state.row(b);
      float* c = h + units;
      if (shape.type == CellType::kLstm)
        lstm_forward_row({.units = units, .gates = gates.row(b), .c_previous = c, .c = c, .h = h});
      else
        norm_.step_row(units, gates.row(b), h);
    }
  }

 private:
  PackedWeights step_weights_;
  PackedWeights constant_weights_;
  std::vector<float> bias_;  // lstm
  NormVectors norm_;         // layer_norm
};

class HyperStepper final : public SteppingCell {
 public:
  HyperStepper(const CellShape& cell, Parameters parameters, Precision precision) : SteppingCell(cell) {
    const HyperTensors<const float> t(shape, parameters);
    products_.pack(shape, t, precision, GemmBackend::kPortable);
    norm_ = NormVectors(t.norm);
    small_norm_ = NormVectors(t.small_norm);
  }

  [[nodiscard]] std::int64_t prepared_size() const override { return products_.prepared_size(); }
  void prepare(ConstMatrix constant, Matrix prepared) const override { products_.prepare(constant, prepared); }

  void step(ConstMatrix x, ConstMatrix prepared, Matrix state) const override {
    const std::int64_t units = shape.hidden_size, small = shape.hyper_num_units, rows = state.rows;
    MatrixBuffer small_gates, embeddings, gates, scale_x, scale_h, from_x, from_h;
    small_gates.resize(rows, kGates * small);
    embeddings.resize(rows, embeddings_size(shape));
    for (MatrixBuffer* wide : {&gates, &scale_x, &scale_h, &from_x, &from_h}) wide->resize(rows, kGates * units);
    const Matrix h = state.slice_columns(0, units), small_state = state.slice_columns(2 * units, 2 * small);
    GemmScratch scratch;
    products_.small_gates(x, h, small_state.slice_columns(0, small), prepared, small_gates.view(), scratch);
    for (std::int64_t b = 0; b < rows; ++b) small_norm_.step_row(small, small_gates.row(b), small_state.row(b));
    products_.embed(small_state.slice_columns(0, small), embeddings.view(), scratch);
    products_.scale(kShift, embeddings.view(), gates.view(), scratch);
    products_.scale(kScaleX, embeddings.view(), scale_x.view(), scratch);
    products_.scale(kScaleH, embeddings.view(), scale_h.view(), scratch);
    products_.from_x(x, prepared, from_x.view(), scratch);
    products_.from_h(h, from_h.view(), scratch);
    hyper_combine_row({.count = rows * kGates * units,
                       .scale_x = scale_x.row(0),
                       .scale_h = scale_h.row(0),
                       .from_x = from_x.row(0),
                       .from_h = from_h.row(0),
                       .gates = gates.row(0)});
    for (std::int64_t b = 0; b < rows; ++b) norm_.step_row(units, gates.row(b), state.row(b));
  }

 private:
  HyperProducts products_;
  NormVectors norm_, small_norm_;
};

}  // namespace

struct CellStepper::Impl {
  std::unique_ptr<SteppingCell> cell;
};

CellStepper::CellStepper(const CellShape& shape, Parameters parameters, Precision precision) {
  impl_ = std::make_unique<Impl>();
  if (shape.type == CellType::kHyper) {
    impl_->cell = std::make_unique<HyperStepper>(shape, parameters, precision);
  } else {
    impl_->cell = std::make_unique<GatedStepper>(shape, parameters, precision);
  }
}
CellStepper::~CellStepper() = default;
CellStepper::CellStepper(CellStepper&&) noexcept = default;
CellStepper& CellStepper::operator=(CellStepper&&) noexcept = default;

std::vector<float> CellStepper::prepare_constant(ConstMatrix constant, std::int64_t batch) const {
  std::vector<float> prepared(static_cast<std::size_t>(batch * prepared_size()));
  const CellShape& shape = impl_->cell->shape;
  require(shape.constant_size == 0 || (constant.rows == batch && constant.columns == shape.constant_size),
          "cell stepper: constant is [{}, {}], expected [{}, {}]", constant.rows, constant.columns, batch,
          shape.constant_size);
  if (batch == 0) return prepared;
  if (shape.constant_size == 0) constant = ConstMatrix(nullptr, batch, 0);
  impl_->cell->prepare(constant, Matrix(prepared.data(), batch, prepared_size()));
  return prepared;
}

void CellStepper::step(ConstMatrix x, ConstMatrix prepared, Matrix state) const {
  constexpr std::int64_t kRowsOfTask = 48;
  const std::int64_t batch = state.rows;
  require(x.rows == batch && x.columns == impl_->cell->shape.input_size && prepared.rows == batch &&
              prepared.columns == prepared_size() && state.columns == state_size(impl_->cell->shape),
          "cell stepper: x is [{}, {}], prepared [{}, {}] and state [{}, {}], expected [B, {}], [B, {}] and "
          "[B, {}]",
          x.rows, x.columns, prepared.rows, prepared.columns, state.rows, state.columns, impl_->cell->shape.input_size,
          prepared_size(), state_size(impl_->cell->shape));
  // No more than threads: each task reads all the weights.
  const std::int64_t tasks = std::min<std::int64_t>((batch + kRowsOfTask - 1) / kRowsOfTask, usable_threads());
  if (tasks <= 1) {
    if (batch > 0) impl_->cell->step(x, prepared, state);
    return;
  }
  parallel_for(tasks, [&](std::int64_t task) {
    const std::int64_t first = batch * task / tasks, count = batch * (task + 1) / tasks - first;
    impl_->cell->step(x.slice_rows(first, count), prepared.slice_rows(first, count), state.slice_rows(first, count));
  });
}

std::int64_t CellStepper::prepared_size() const { return impl_->cell->prepared_size(); }
const CellShape& CellStepper::shape() const { return impl_->cell->shape; }

}  // namespace limn::kernels
