#include "limn/models/sketch_rnn/packed_linear.hpp"

namespace limn::models {

PackedLinear::PackedLinear(const LinearWeights& weights, std::int64_t in, kernels::Precision precision)
    : bias_(weights.bias.begin(), weights.bias.end()) {
  weights_.pack(ConstMatrix(weights.weight, out(), in), kernels::WeightLayout::kOutputMajor, precision,
                kernels::GemmBackend::kPortable);
}

void PackedLinear::apply(ConstMatrix x, Matrix y, kernels::GemmScratch& scratch) const {
  weights_.multiply(x, bias_rows(y.rows), y, scratch);
}

}  // namespace limn::models
