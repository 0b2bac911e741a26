#include "limn/libtorch/oracle/mixture_density.hpp"

#include <cmath>
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
  const Tensor log_q = torch::log_softmax(outputs.narrow(-1, 0, kPenColumns), -1);
  const Tensor log_pi = torch::log_softmax(block(0), -1);
  const Tensor mu_x = block(1), mu_y = block(2);
  const Tensor log_sigma_x = block(3), log_sigma_y = block(4);
  const Tensor rho = torch::tanh(block(5));

  const Tensor dx = targets.narrow(-1, 0, 1), dy = targets.narrow(-1, 1, 1);
  const Tensor p = targets.narrow(-1, 2, kPenColumns);

  // The logarithms of Graves 2013, eq. 24 and 25: of the density as it stands, exp(-z / …) underflows in float32. With
  // rho = tanh(rho_hat), 1 - rho² is 1 / cosh²(rho_hat).
  const Tensor x = (dx - mu_x) * torch::exp(-log_sigma_x), y = (dy - mu_y) * torch::exp(-log_sigma_y);
  const Tensor z = x.square() + y.square() - 2 * rho * x * y;
  const Tensor cosh = torch::cosh(block(5));
  const Tensor log_normal =
      torch::log(cosh) - std::log(2 * std::numbers::pi) - log_sigma_x - log_sigma_y - z * cosh.square() / 2;
  const Tensor log_density = torch::logsumexp(log_pi + log_normal, -1);
  return {.offset = -torch::logaddexp(log_density, torch::full_like(log_density, std::log(floor))),
          .pen = -(p * log_q).sum(-1)};
}

}  // namespace limn::libtorch::oracle
