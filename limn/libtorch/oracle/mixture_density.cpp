#include "limn/libtorch/oracle/mixture_density.hpp"

#include <numbers>

namespace limn::libtorch::oracle {

using torch::Tensor;

namespace {

// Columns of an output row: the pen states, then six numbers a mixture component.
constexpr std::int64_t kPenColumns = 3, kMixtureColumns = 6;

}  // namespace

StepLosses mixture_density(const Tensor& outputs, const Tensor& targets, double floor) {
  const std::int64_t mixtures = (outputs.size(-1) - kPenColumns) / kMixtureColumns;
  const auto block = [&](std::int64_t k) { return outputs.narrow(-1, kPenColumns + k * mixtures, mixtures); };
  const Tensor q = torch::softmax(outputs.narrow(-1, 0, kPenColumns), -1);
  const Tensor pi = torch::softmax(block(0), -1);
  const Tensor mu_x = block(1), mu_y = block(2);
  const Tensor sigma_x = torch::exp(block(3)), sigma_y = torch::exp(block(4));
  const Tensor rho = torch::tanh(block(5));

  const Tensor dx = targets.narrow(-1, 0, 1), dy = targets.narrow(-1, 1, 1);
  const Tensor p = targets.narrow(-1, 2, kPenColumns);

  // Graves 2013, eq. 24 and 25.
  const Tensor x = (dx - mu_x) / sigma_x, y = (dy - mu_y) / sigma_y;
  const Tensor z = x.square() + y.square() - 2 * rho * x * y;
  const Tensor one_minus_rho2 = 1 - rho.square();
  const Tensor normal =
      torch::exp(-z / (2 * one_minus_rho2)) / (2 * std::numbers::pi * sigma_x * sigma_y * torch::sqrt(one_minus_rho2));

  return {.offset = -torch::log((pi * normal).sum(-1) + floor), .pen = -(p * torch::log(q)).sum(-1)};
}

}  // namespace limn::libtorch::oracle
