// The layer_norm cell (docs/papers/cells.md, after Ba et al. 2016): a = W_ih x + W_hh h without bias; the four gates
// normalised over their own H; c' as lstm; h' = σ(o) ⊙ tanh(LN(c')).
#include <algorithm>
#include <memory>

#include "limn/kernels/cells/cell_rows.hpp"
#include "limn/kernels/cells/gated_sequence.hpp"
#include "limn/kernels/cells/layer_norm_rows.hpp"

namespace limn::kernels {
namespace {

class LayerNormSequence final : public GatedSequence {
 public:
  using GatedSequence::GatedSequence;

 private:
  void prepare_forward(bool keep_for_backward) override {
    weights_ = layer_norm_weights(tensors().norm);
    keeps_ = keep_for_backward;
    statistics_.resize(keeps_ ? layout_.rows() : 0, kLayerNormStatistics);
  }

  void forward_row(const GatedRow& row) override {
    float unused[kLayerNormStatistics];
    layer_norm_forward_row({.units = shape_.hidden_size,
                            .weights = weights_,
                            .gates = row.gates,
                            .mask = row.mask,
                            .c_previous = row.c_previous,
                            .c = row.c,
                            .h = row.h,
                            .statistics = keeps_ ? statistics_.row(row.row) : unused});
  }

  // Every sequence sums its own gradients, so that the order of additions does not depend on the threads.
  void prepare_backward() override {
    gradients_.resize(layout_.batch(), layer_norm_gradient_size(shape_.hidden_size));
    gradients_.fill(0);
    scratch_.resize(layout_.batch(), layer_norm_scratch_size(shape_.hidden_size));
  }

  void backward_row(const GatedRow& row) override {
    layer_norm_backward_row({.units = shape_.hidden_size,
                             .weights = weights_,
                             .gates = row.gates,
                             .mask = row.mask,
                             .c_previous = row.c_previous,
                             .c = row.c,
                             .statistics = statistics_.row(row.row),
                             .dh = row.dh,
                             .dc = row.dc,
                             .gradient = gradients_.row(row.sequence),
                             .scratch = scratch_.row(row.sequence)});
  }

  void finish_backward(const GatedTensors<float>& gradients) override {
    sum_layer_norm_gradients(gradients_.view(), gradients.norm);
  }

  LayerNormWeights weights_;
  bool keeps_ = false;
  MatrixBuffer statistics_;  // [R, kLayerNormStatistics]
  MatrixBuffer gradients_;   // [B, layer_norm_gradient_size()]
  MatrixBuffer scratch_;
};

}  // namespace

void sum_layer_norm_gradients(ConstMatrix of_sequences, ParameterGradients sums) {
  std::int64_t first = 0;
  for (const std::span<float> sum : sums) {
    std::fill(sum.begin(), sum.end(), 0.0f);
    const auto size = static_cast<std::int64_t>(sum.size());
    for (std::int64_t b = 0; b < of_sequences.rows; ++b) add_row(of_sequences.row(b) + first, size, sum.data());
    first += size;
  }
}

std::unique_ptr<CellSequence> make_layer_norm_sequence(const CellShape& shape, Direction direction,
                                                       Precision precision) {
  return std::make_unique<LayerNormSequence>(shape, direction, precision);
}

}  // namespace limn::kernels
