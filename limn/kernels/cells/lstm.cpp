// The lstm cell (docs/papers/cells.md): a = W_ih x + W_hh h + b; c' = σ(f) ⊙ c + σ(i) ⊙ D(tanh g);
// h' = σ(o) ⊙ tanh c'.
#include <memory>

#include "limn/kernels/cells/cell_rows.hpp"
#include "limn/kernels/cells/gated_sequence.hpp"

namespace limn::kernels {
namespace {

class LstmSequence final : public GatedSequence {
 public:
  using GatedSequence::GatedSequence;

 private:
  void prepare_forward(bool) override {}
  void prepare_backward() override {}
  void finish_backward(const GatedTensors<float>&) override {}

  void forward_row(const GatedRow& row) override {
    lstm_forward_row({.units = shape_.hidden_size,
                      .gates = row.gates,
                      .mask = row.mask,
                      .c_previous = row.c_previous,
                      .c = row.c,
                      .h = row.h});
  }

  void backward_row(const GatedRow& row) override {
    lstm_backward_row({.units = shape_.hidden_size,
                       .gates = row.gates,
                       .mask = row.mask,
                       .c_previous = row.c_previous,
                       .c = row.c,
                       .dh = row.dh,
                       .dc = row.dc});
  }
};

}  // namespace

std::unique_ptr<CellSequence> make_lstm_sequence(const CellShape& shape, Direction direction, Precision precision) {
  return std::make_unique<LstmSequence>(shape, direction, precision);
}

}  // namespace limn::kernels
