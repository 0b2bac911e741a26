// LibTorch tensors in tests: how two are compared, and reproducible random ones.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "limn/core/random.hpp"
#include "limn/libtorch/torch.hpp"
#include "testing/compare.hpp"

namespace limn::testing {

// all_near() of compare.hpp over float32 or float64 tensors of one shape; `sensitivity` as there, or undefined.
inline ::testing::AssertionResult tensors_near(const torch::Tensor& actual, const torch::Tensor& expected,
                                               const Tolerance& tolerance, const std::string& what,
                                               const torch::Tensor& sensitivity = {}) {
  if (!actual.defined() || !expected.defined())
    return ::testing::AssertionFailure() << what << ": " << (actual.defined() ? "expected nothing" : "is missing");
  if (actual.sizes() != expected.sizes())
    return ::testing::AssertionFailure() << what << " is " << actual.sizes() << ", expected " << expected.sizes();
  const auto values = [](const torch::Tensor& t) { return t.detach().to(torch::kFloat64).contiguous(); };
  const auto view = [](const torch::Tensor& t) {
    return std::span<const double>(t.data_ptr<double>(), static_cast<std::size_t>(t.numel()));
  };
  const torch::Tensor a = values(actual), e = values(expected);
  if (!sensitivity.defined()) return all_near(view(a), view(e), tolerance, what);
  const torch::Tensor s = values(sensitivity);
  return all_near(view(a), view(e), tolerance, what, view(s));
}

// Standard normal times `spread`, float32, from the stream of that index.
inline torch::Tensor random_tensor(const std::vector<std::int64_t>& shape, std::uint64_t index, float spread = 1) {
  torch::Tensor tensor = torch::empty(shape, torch::kFloat32);
  RandomStream random(23, Purpose::kTest, 0, index);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) tensor.data_ptr<float>()[i] = spread * random.normal();
  return tensor;
}

}  // namespace limn::testing
