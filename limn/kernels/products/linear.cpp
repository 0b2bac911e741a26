#include "limn/kernels/products/linear.hpp"

#include <algorithm>
#include <array>

#include "limn/core/error.hpp"

namespace limn::kernels {
namespace {

void check(ConstMatrix weight, ConstMatrix x, ConstMatrix y, std::size_t biases) {
  require(x.columns == weight.columns && y.columns == weight.rows && y.rows == x.rows,
          "linear: x is [{}, {}] and y [{}, {}], expected [B, {}] and [B, {}]", x.rows, x.columns, y.rows, y.columns,
          weight.columns, weight.rows);
  require(biases == static_cast<std::size_t>(weight.rows), "linear: the bias has {} values, expected {}", biases,
          weight.rows);
}

}  // namespace

void LinearLayer::forward(ConstMatrix weight, std::span<const float> bias, ConstMatrix x, Matrix y) {
  check(weight, x, y, bias.size());
  packed_.pack(weight, WeightLayout::kOutputMajor, precision_);
  multiply_parallel(packed_, x, ConstMatrix(bias.data(), y.rows, y.columns, 0), y);
}

void LinearLayer::backward(ConstMatrix weight, ConstMatrix x, ConstMatrix dy, Matrix dweight, std::span<float> dbias,
                           Matrix dx) {
  check(weight, x, dy, dbias.size());
  // The bias met an input that is always one: both gradients are one product.
  ones_.resize(static_cast<std::size_t>(x.rows));
  std::ranges::fill(ones_.span(), 1.0F);
  const std::array<WeightGradient, 2> parts{
      WeightGradient{.a = x, .rows = nullptr, .out = dweight},
      WeightGradient{.a = ConstMatrix(ones_.data(), x.rows, 1), .rows = nullptr, .out = Matrix(dbias, dy.columns, 1)}};
  weight_gradients(dy, parts, false, precision_);
  if (!dx.data) return;
  packed_.pack(weight, WeightLayout::kInputMajor, precision_);
  multiply_parallel(packed_, dy, {}, dx);
}

}  // namespace limn::kernels
