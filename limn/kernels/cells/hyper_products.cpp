#include "limn/kernels/cells/hyper_products.hpp"

#include <algorithm>

namespace limn::kernels {

void HyperProducts::pack(const CellShape& shape, const HyperTensors<const float>& tensors, Precision precision,
                         GemmBackend backend) {
  constexpr auto kLayout = WeightLayout::kOutputMajor;
  shape_ = shape;
  const std::array small{tensors.small_hh, tensors.small_h, tensors.small_x};
  small_.pack(small, kLayout, precision, backend);
  x_.pack(tensors.ih_x, kLayout, precision, backend);
  h_.pack(tensors.hh, kLayout, precision, backend);
  if (shape.constant_size > 0) {
    constant_.pack(tensors.ih_z, kLayout, precision, backend);
    small_constant_.pack(tensors.small_z, kLayout, precision, backend);
  }
  bias_.assign(tensors.bias.begin(), tensors.bias.end());
  for (std::size_t role = 0; role < kHyperRoles; ++role) {
    embedding_[role].pack(tensors.embedding[role], kLayout, precision, backend);
    embedding_bias_[role].assign(tensors.embedding_bias[role].begin(), tensors.embedding_bias[role].end());
    for (std::int64_t gate = 0; gate < kGates; ++gate) {
      scale_[role][static_cast<std::size_t>(gate)].pack(tensors.scale_of(role, gate), kLayout, precision, backend);
    }
  }
}

std::int64_t HyperProducts::prepared_size() const { return kGates * (shape_.hidden_size + shape_.hyper_num_units); }

void HyperProducts::prepare(ConstMatrix constant, Matrix prepared) const {
  const std::int64_t width = kGates * shape_.hidden_size;
  if (shape_.constant_size == 0) {
    for (std::int64_t b = 0; b < prepared.rows; ++b) std::fill_n(prepared.row(b), prepared.columns, 0.0f);
    return;
  }
  multiply_parallel(constant_, constant, {}, prepared.slice_columns(0, width));
  multiply_parallel(small_constant_, constant, {}, prepared.slice_columns(width, kGates * shape_.hyper_num_units));
}

void HyperProducts::small_gates(ConstMatrix x, ConstMatrix h, ConstMatrix small_h, ConstMatrix prepared, Matrix out,
                                GemmScratch& scratch) const {
  const std::array inputs{small_h, h, x};
  small_.multiply(inputs, prepared.slice_columns(kGates * shape_.hidden_size, out.columns), out, scratch);
}

void HyperProducts::embed(ConstMatrix small_h, Matrix out, GemmScratch& scratch) const {
  const std::int64_t width = kGates * shape_.hyper_embedding_size;
  for (std::size_t role = 0; role < kHyperRoles; ++role) {
    const std::vector<float>& bias = embedding_bias_[role];
    const ConstMatrix init = bias.empty() ? ConstMatrix() : ConstMatrix(bias.data(), out.rows, width, 0);
    embedding_[role].multiply(small_h, init, out.slice_columns(embedding_column(shape_, role, 0), width), scratch);
  }
}

void HyperProducts::scale(std::size_t role, ConstMatrix embeddings, Matrix out, GemmScratch& scratch) const {
  const std::int64_t units = shape_.hidden_size, each = shape_.hyper_embedding_size;
  for (std::int64_t gate = 0; gate < kGates; ++gate) {
    const ConstMatrix init =
        role == kShift ? ConstMatrix(bias_.data() + gate * units, out.rows, units, 0) : ConstMatrix();
    const ConstMatrix input = embeddings.slice_columns(embedding_column(shape_, role, gate), each);
    scale_[role][static_cast<std::size_t>(gate)].multiply(input, init, out.slice_columns(gate * units, units), scratch);
  }
}

void HyperProducts::from_x(ConstMatrix x, ConstMatrix prepared, Matrix out, GemmScratch& scratch) const {
  x_.multiply(x, prepared.slice_columns(0, out.columns), out, scratch);
}

void HyperProducts::from_h(ConstMatrix h, Matrix out, GemmScratch& scratch) const { h_.multiply(h, {}, out, scratch); }

}  // namespace limn::kernels
