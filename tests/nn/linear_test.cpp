// The linear layer against torch::matmul in float64.
#include "limn/nn/linear.hpp"

#include <gtest/gtest.h>

#include "limn/core/error.hpp"
#include "testing/tensors.hpp"

namespace limn::nn {
namespace {

using testing::kFloat32;
using testing::random_tensor;
using testing::tensors_near;
using torch::Tensor;

struct Sizes {
  std::int64_t rows, in, out;
};
constexpr Sizes kSizes[] = {{1, 1, 1}, {5, 3, 7}, {33, 17, 9}, {2, 65, 127}};

Tensor leaf(const Tensor& tensor) { return tensor.clone().requires_grad_(); }
Tensor plain(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return torch::matmul(x, weight.t()) + bias;
}

TEST(Linear, ValuesAndGradientsMatchPlainOperations) {
  for (const auto& size : kSizes) {
    SCOPED_TRACE(std::to_string(size.rows) + " x " + std::to_string(size.in) + " -> " +
                 std::to_string(size.out));
    const Tensor upstream = random_tensor({size.rows, size.out}, 1);
    const Tensor x = leaf(random_tensor({size.rows, size.in}, 2)),
                 weight = leaf(random_tensor({size.out, size.in}, 3)),
                 bias = leaf(random_tensor({size.out}, 4));
    const auto twin = [](const Tensor& t) { return leaf(t.detach().to(torch::kFloat64)); };
    const Tensor x2 = twin(x), weight2 = twin(weight), bias2 = twin(bias);
    const Tensor y = linear(x, weight, bias), y2 = plain(x2, weight2, bias2);
    (y * upstream).sum().backward();
    (y2 * upstream).sum().backward();
    EXPECT_TRUE(tensors_near(y, y2, kFloat32, "y"));
    EXPECT_TRUE(tensors_near(x.grad(), x2.grad(), kFloat32, "x"));
    EXPECT_TRUE(tensors_near(weight.grad(), weight2.grad(), kFloat32, "weight"));
    EXPECT_TRUE(tensors_near(bias.grad(), bias2.grad(), kFloat32, "bias"));
  }
}

TEST(Linear, TakesInputsThatDoNotLieTogetherAndGradientsThatAreRepeated) {
  const Tensor wide = leaf(random_tensor({6, 9}, 5)), weight = leaf(random_tensor({4, 3}, 6)),
               bias = leaf(random_tensor({4}, 7));
  const Tensor wide2 = leaf(wide.detach()), weight2 = leaf(weight.detach()), bias2 = leaf(bias.detach());
  linear(wide.narrow(1, 2, 3), weight, bias).sum().backward();  // the gradient of a sum has strides 0
  plain(wide2.narrow(1, 2, 3), weight2, bias2).sum().backward();
  EXPECT_TRUE(tensors_near(wide.grad(), wide2.grad(), kFloat32, "x"));
  EXPECT_TRUE(tensors_near(weight.grad(), weight2.grad(), kFloat32, "weight"));
  EXPECT_TRUE(tensors_near(bias.grad(), bias2.grad(), kFloat32, "bias"));
}

TEST(Linear, AnInputThatIsDataHasNoGradient) {
  const Tensor x = random_tensor({5, 3}, 8), weight = leaf(random_tensor({2, 3}, 9)),
               bias = leaf(torch::zeros({2}));
  linear(x, weight, bias).sum().backward();
  EXPECT_FALSE(x.grad().defined());
  EXPECT_TRUE(tensors_near(weight.grad(), x.sum(0).expand({2, 3}), kFloat32, "weight"));
}

TEST(Linear, WithoutGradientsTheResultIsTheSame) {
  Linear layer(3, 4);
  const Tensor x = random_tensor({5, 3}, 10);
  {
    const torch::NoGradGuard no_gradient;
    layer->weight.copy_(random_tensor({4, 3}, 11));
  }
  const Tensor with = layer->forward(x);
  const torch::NoGradGuard no_gradient;
  const Tensor without = layer->forward(x);
  EXPECT_TRUE(with.requires_grad());
  EXPECT_FALSE(without.requires_grad());
  EXPECT_TRUE(with.equal(without));
}

TEST(Linear, ASecondForwardBeforeTheFirstBackwardWorks) {
  const Tensor weight = leaf(random_tensor({4, 3}, 12)), bias = leaf(random_tensor({4}, 13));
  const Tensor a = random_tensor({5, 3}, 14), b = random_tensor({2, 3}, 15);
  const Tensor first = linear(a, weight, bias).square().sum(),
               second = linear(b, weight, bias).square().sum();
  first.backward();
  second.backward();
  const Tensor weight2 = leaf(weight.detach()), bias2 = leaf(bias.detach());
  (plain(a, weight2, bias2).square().sum() + plain(b, weight2, bias2).square().sum()).backward();
  EXPECT_TRUE(tensors_near(weight.grad(), weight2.grad(), kFloat32, "weight"));
  EXPECT_TRUE(tensors_near(bias.grad(), bias2.grad(), kFloat32, "bias"));
}

TEST(Linear, WrongShapesAreErrors) {
  const Tensor weight = torch::zeros({4, 3}), bias = torch::zeros({4});
  EXPECT_THROW((void)linear(torch::zeros({5, 2}), weight, bias), Error);
  EXPECT_THROW((void)linear(torch::zeros({5, 2, 3}), weight, bias), Error);
}

}  // namespace
}  // namespace limn::nn
