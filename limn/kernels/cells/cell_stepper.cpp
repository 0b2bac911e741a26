// Single steps for generation: the same products and rows as over whole sequences, with weights packed once.
// Always with our own products, so that a sequence's next state does not depend on the others beside it.
#include <algorithm>
#include <array>

#include "limn/core/error.hpp"
#include "limn/kernels/cells/cell_rows.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/kernels/cells/hyper_weights.hpp"
#include "limn/kernels/cells/layer_norm_rows.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/kernels/cells/recurrent.hpp"

namespace limn::kernels {

namespace {

// What each cell provides. Immutable, so a step may be divided into ranges of sequences.
class SteppingCell {
 public:
  explicit SteppingCell(const CellShape& cell) : shape(cell) {}
  virtual ~SteppingCell() = default;
  virtual void prepare(ConstMatrix constant, Matrix prepared) const = 0;
  virtual void step(ConstMatrix x, ConstMatrix prepared, Matrix state) const = 0;
  [[nodiscard]] virtual std::int64_t prepared_size() const = 0;
  const CellShape shape;
};

// lstm and layer_norm: one product, then one row call a sequence.
class GatedStepper final : public SteppingCell {
 public:
  GatedStepper(const CellShape& cell, Parameters parameters) : SteppingCell(cell) {
    const std::int64_t width = kGates * shape.hidden_size;
    const ConstMatrix ih(parameters[0].data(), width, shape.input_size + shape.constant_size);
    const ConstMatrix hh(parameters[1].data(), width, shape.hidden_size);
    const std::array parts{hh, ih.slice_columns(0, shape.input_size)};
    step_weights_.pack(parts, WeightLayout::kOutputMajor, Precision::kFloat32, GemmBackend::kPortable);
    constant_weights_.pack(ih.slice_columns(shape.input_size, shape.constant_size),
                           WeightLayout::kOutputMajor, Precision::kFloat32, GemmBackend::kPortable);
    for (const auto vector : parameters.subspan(2)) vectors_.emplace_back(vector.begin(), vector.end());
  }

  [[nodiscard]] std::int64_t prepared_size() const override { return kGates * shape.hidden_size; }

  void prepare(ConstMatrix constant, Matrix prepared) const override {
    const bool has_bias = shape.type == CellType::kLstm;
    const ConstMatrix bias(vectors_[0].data(), prepared.rows, prepared.columns, 0);
    GemmScratch scratch;
    constant_weights_.multiply(constant, has_bias ? bias : ConstMatrix(), prepared, scratch);
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
      finish(gates.row(b), h, h + units);
    }
  }

 private:
  void finish(float* gates, float* h, float* c) const {
    if (shape.type == CellType::kLstm) {
      return lstm_forward_row({.units = shape.hidden_size, .gates = gates, .c_previous = c, .c = c, .h = h});
    }
    float unused[kLayerNormStatistics];
    layer_norm_forward_row({.units = shape.hidden_size,
                            .weights = {.gamma = vectors_[0].data(),
                                        .beta = vectors_[1].data(),
                                        .cell_gamma = vectors_[2].data(),
                                        .cell_beta = vectors_[3].data()},
                            .gates = gates,
                            .c_previous = c,
                            .c = c,
                            .h = h,
                            .statistics = unused});
  }

  PackedWeights step_weights_;
  PackedWeights constant_weights_;
  std::vector<std::vector<float>> vectors_;  // bias, or gamma, beta, cell_gamma, cell_beta
};

class HyperStepper final : public SteppingCell {
 public:
  HyperStepper(const CellShape& cell, Parameters parameters) : SteppingCell(cell) {
    products_.pack(shape, HyperTensors<const float>(shape, parameters), Precision::kFloat32,
                   GemmBackend::kPortable);
    for (const auto vector : parameters.subspan(3, 4)) norm_.emplace_back(vector.begin(), vector.end());
    for (const auto vector : parameters.subspan(9, 4)) small_norm_.emplace_back(vector.begin(), vector.end());
  }

  [[nodiscard]] std::int64_t prepared_size() const override { return products_.prepared_size(); }
  void prepare(ConstMatrix constant, Matrix prepared) const override {
    products_.prepare(constant, prepared);
  }

  void step(ConstMatrix x, ConstMatrix prepared, Matrix state) const override {
    const std::int64_t units = shape.hidden_size, small = shape.hyper_num_units, rows = state.rows;
    MatrixBuffer small_gates, embeddings, gates, scale_x, scale_h, from_x, from_h;
    small_gates.resize(rows, kGates * small);
    embeddings.resize(rows, static_cast<std::int64_t>(kHyperRoles) * kGates * shape.hyper_embedding_size);
    for (MatrixBuffer* wide : {&gates, &scale_x, &scale_h, &from_x, &from_h})
      wide->resize(rows, kGates * units);
    const Matrix h = state.slice_columns(0, units), small_state = state.slice_columns(2 * units, 2 * small);
    GemmScratch scratch;
    products_.small_gates(x, h, small_state.slice_columns(0, small), prepared, small_gates.view(), scratch);
    for (std::int64_t b = 0; b < rows; ++b)
      finish(small_norm_, small, small_gates.row(b), small_state.row(b));
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
    for (std::int64_t b = 0; b < rows; ++b) finish(norm_, units, gates.row(b), state.row(b));
  }

 private:
  // `state` is [h, c] of one of the two cells.
  static void finish(const std::vector<std::vector<float>>& norm, std::int64_t units, float* gates,
                     float* state) {
    float unused[kLayerNormStatistics];
    float* c = state + units;
    layer_norm_forward_row({.units = units,
                            .weights = {.gamma = norm[0].data(),
                                        .beta = norm[1].data(),
                                        .cell_gamma = norm[2].data(),
                                        .cell_beta = norm[3].data()},
                            .gates = gates,
                            .c_previous = c,
                            .c = c,
                            .h = state,
                            .statistics = unused});
  }

  HyperProducts products_;
  std::vector<std::vector<float>> norm_, small_norm_;
};

}  // namespace

struct CellStepper::Impl {
  std::unique_ptr<SteppingCell> cell;
};

CellStepper::CellStepper(const CellShape& shape, Parameters parameters) {
  impl_ = std::make_unique<Impl>();
  if (shape.type == CellType::kHyper) {
    impl_->cell = std::make_unique<HyperStepper>(shape, parameters);
  } else {
    impl_->cell = std::make_unique<GatedStepper>(shape, parameters);
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
          x.rows, x.columns, prepared.rows, prepared.columns, state.rows, state.columns,
          impl_->cell->shape.input_size, prepared_size(), state_size(impl_->cell->shape));
  // No more than threads: each task reads all the weights.
  const std::int64_t tasks =
      std::min<std::int64_t>((batch + kRowsOfTask - 1) / kRowsOfTask, usable_threads());
  if (tasks <= 1) {
    if (batch > 0) impl_->cell->step(x, prepared, state);
    return;
  }
  parallel_for(tasks, [&](std::int64_t task) {
    const std::int64_t first = batch * task / tasks, count = batch * (task + 1) / tasks - first;
    impl_->cell->step(x.slice_rows(first, count), prepared.slice_rows(first, count),
                      state.slice_rows(first, count));
  });
}

std::int64_t CellStepper::prepared_size() const { return impl_->cell->prepared_size(); }
const CellShape& CellStepper::shape() const { return impl_->cell->shape; }

}  // namespace limn::kernels
