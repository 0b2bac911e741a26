// The mixture-density node against plain operations: what the graph above it makes of its gradient.
#include "limn/nn/mixture_density.hpp"

#include <gtest/gtest.h>

#include "limn/libtorch/oracle/mixture_density.hpp"
#include "testing/tensors.hpp"

namespace limn::nn {
namespace {

using testing::kFloat32;
using testing::random_tensor;
using testing::tensors_near;
using torch::Tensor;

Tensor targets_of(std::int64_t rows) {
  Tensor targets = random_tensor({rows, 5}, 1);
  targets.narrow(1, 2, 3).zero_();
  for (std::int64_t r = 0; r < rows; ++r) targets[r][2 + r % 3] = 1.0f;
  return targets;
}

TEST(MixtureDensity, LossAndGradientMatchWhateverComesFromAbove) {
  const std::int64_t rows = 7, mixtures = 3;
  const Tensor targets = targets_of(rows);
  for (const double factor : {1.0, -2.5}) {
    const Tensor y = random_tensor({rows, kernels::output_size(mixtures)}, 2).requires_grad_();
    const Tensor y2 = y.detach().to(torch::kFloat64).requires_grad_();
    const MixtureDensity density = mixture_density_loss(y, targets, 0.25f);
    const auto expected = libtorch::oracle::mixture_density(y2, targets.to(torch::kFloat64));
    const Tensor total = 0.25 * (expected.offset.sum() + expected.pen.sum());
    (factor * density.loss).backward();
    (factor * total).backward();
    EXPECT_TRUE(tensors_near(density.loss, total, kFloat32, "loss"));
    EXPECT_TRUE(tensors_near(y.grad(), y2.grad(), kFloat32, "gradient"));
  }
}

TEST(MixtureDensity, OutputsAndTargetsNeedNotLieTogether) {
  const std::int64_t columns = kernels::output_size(2);
  const Tensor wide = random_tensor({4, columns + 3}, 3), targets = targets_of(8).slice(0, 0, 8, 2);
  const Tensor outputs = wide.narrow(1, 1, columns);
  const auto strided = mixture_density_loss(outputs, targets, 1.0f);
  const auto dense = mixture_density_loss(outputs.contiguous(), targets.contiguous(), 1.0f);
  EXPECT_EQ(strided.loss.item<float>(), dense.loss.item<float>());
}

}  // namespace
}  // namespace limn::nn
