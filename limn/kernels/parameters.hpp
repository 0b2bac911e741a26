// Names, shapes and views of a model's parameters. Values; the memory belongs to the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace limn::kernels {

// Name and PyTorch shape of one tensor. docs/checkpoint.md lists them.
struct ParameterSpec {
  std::string name;
  std::vector<std::int64_t> shape;

  // Values in the tensor: the product of the shape.
  [[nodiscard]] std::size_t count() const {
    std::size_t all = 1;
    for (const auto extent : shape) all *= static_cast<std::size_t>(extent);
    return all;
  }
};

// The tensors of a model or of a part of it, in the order of its list of ParameterSpec.
using Parameters = std::span<const std::span<const float>>;
using ParameterGradients = std::span<const std::span<float>>;

}  // namespace limn::kernels
