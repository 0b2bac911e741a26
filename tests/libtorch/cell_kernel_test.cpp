// The kernels of cells that a GPU's compiler gets as text, here as the functions that the text is: the same values and
// gradients as LibTorch's operations, and as few launches as a step needs.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "libtorch/conditioned_oracle.hpp"
#include "limn/core/error.hpp"
#include "limn/libtorch/oracle/cell_kernels.hpp"
#include "limn/libtorch/oracle/cells.hpp"

namespace limn::libtorch::oracle {
namespace {

using kernels::CellShape;
using kernels::CellType;
using kernels::Direction;
using limn::testing::Results;
using limn::testing::tensors_near;
using torch::Tensor;

std::map<std::string, int> launches;

// i: inputs, o: outputs of one element.
void call(const std::string& name, const std::vector<double>& i, std::vector<double>& o) {
  if (name == "next_cell") {
    o[0] = next_cell(i[0], i[1], i[2], i[3], i[4]);
  } else if (name == "next_cell_backward") {
    next_cell_backward(i[0], i[1], i[2], i[3], i[4], i[5], o[0], o[1], o[2], o[3]);
  } else if (name == "cell_output") {
    o[0] = cell_output(i[0], i[1]);
  } else if (name == "cell_output_backward") {
    cell_output_backward(i[0], i[1], i[2], o[0], o[1]);
  } else if (name == "lstm_step") {
    lstm_step(i[0], i[1], i[2], i[3], i[4], i[5], o[0], o[1]);
  } else if (name == "lstm_step_backward") {
    lstm_step_backward(i[0], i[1], i[2], i[3], i[4], i[5], i[6], i[7], o[0], o[1], o[2], o[3], o[4]);
  } else if (name == "scaled_sum") {
    o[0] = scaled_sum(i[0], i[1], i[2], i[3], i[4]);
  } else if (name == "scaled_sum_backward") {
    scaled_sum_backward(i[0], i[1], i[2], i[3], i[4], i[5], o[0], o[1], o[2], o[3], o[4]);
  } else {
    fail("unknown kernel {}", name);
  }
}

std::vector<Tensor> launch_here(const CellKernel& kernel, const std::vector<Tensor>& inputs) {
  require(inputs.size() <= 8, "LibTorch compiles kernels of at most 8 inputs");
  ++launches[kernel.name];
  std::vector<Tensor> given, results;
  for (const Tensor& input : torch::broadcast_tensors(inputs)) given.push_back(input.contiguous());
  for (int k = 0; k < kernel.outputs; ++k) results.push_back(torch::empty_like(given[0]));
  std::vector<double> in(given.size()), out(results.size());
  for (std::int64_t e = 0; e < given[0].numel(); ++e) {
    for (std::size_t k = 0; k < in.size(); ++k) in[k] = given[k].data_ptr<double>()[e];
    call(kernel.name, in, out);
    for (std::size_t k = 0; k < out.size(); ++k) results[k].data_ptr<double>()[e] = out[k];
  }
  return results;
}

Tensor random_leaf(std::vector<std::int64_t> shape) {
  return torch::randn(shape, torch::dtype(torch::kFloat64)).requires_grad_();
}

struct Case {
  CellType type;
  bool is_masked;
  std::map<std::string, int> per_step;
};

class CellKernels : public ::testing::TestWithParam<Case> {};

TEST_P(CellKernels, GiveWhatOperationsGive) {
  const Case& p = GetParam();
  torch::manual_seed(5);
  const CellShape shape{.type = p.type,
                        .input_size = 5,
                        .constant_size = 2,
                        .hidden_size = 7,
                        .hyper_num_units = 6,
                        .hyper_embedding_size = 3};
  const std::vector<std::int64_t> active{3, 3, 2, 1, 1};
  const std::int64_t rows = std::accumulate(active.begin(), active.end(), std::int64_t{0});
  const Parameters parameters = random_parameters(kernels::cell_parameters(shape), torch::kFloat64, 17);
  SequenceInput input{
      .x = random_leaf({rows, 7}), .active = active, .initial_state = random_leaf({3, state_columns(shape)})};
  if (p.is_masked)
    input.mask = torch::rand({rows, mask_columns(shape)}, torch::kFloat64).gt(0.3).to(torch::kFloat64) * 1.4;
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    const auto computed = [&](KernelLauncher launcher) {
      input.launcher = launcher;
      const SequenceOutput output = run_sequence(shape, direction, parameters, "", input);
      std::vector<Tensor> leaves{input.x, input.initial_state};
      for (const auto& [name, value] : parameters) leaves.push_back(value);
      const Tensor total = output.hidden.pow(3).sum() + output.final_state.pow(3).sum();
      const auto gradients = torch::autograd::grad({total}, leaves, {}, false, false, /*allow_unused=*/true);
      Results results{{"hidden", output.hidden}, {"final_state", output.final_state}};
      for (std::size_t k = 0; k < gradients.size(); ++k) results["gradient " + std::to_string(k)] = gradients[k];
      return results;
    };
    const Results expected = computed(nullptr);
    launches.clear();
    const Results actual = computed(launch_here);
    for (const auto& [name, value] : expected) {
      ASSERT_EQ(actual.at(name).defined(), value.defined()) << name;
      if (!value.defined()) continue;
      EXPECT_TRUE(tensors_near(actual.at(name), value, testing::kNumericGradient, name));
    }
    std::map<std::string, int> whole;
    for (const auto& [name, count] : p.per_step) whole[name] = count * static_cast<int>(active.size());
    EXPECT_EQ(launches, whole);
  }
}

std::map<std::string, int> both_ways(const std::map<std::string, int>& forward) {
  std::map<std::string, int> all = forward;
  for (const auto& [name, count] : forward) all[name + "_backward"] = count;
  return all;
}

// A hyper cell has a small cell inside.
INSTANTIATE_TEST_SUITE_P(
    Cells, CellKernels,
    ::testing::Values(
        Case{CellType::kLstm, true, both_ways({{"lstm_step", 1}})},
        Case{CellType::kLstm, false, both_ways({{"lstm_step", 1}})},
        Case{CellType::kLayerNorm, true, both_ways({{"next_cell", 1}, {"cell_output", 1}})},
        Case{CellType::kLayerNorm, false, both_ways({{"next_cell", 1}, {"cell_output", 1}})},
        Case{CellType::kHyper, true, both_ways({{"next_cell", 2}, {"cell_output", 2}, {"scaled_sum", 1}})},
        Case{CellType::kHyper, false, both_ways({{"next_cell", 2}, {"cell_output", 2}, {"scaled_sum", 1}})}));

}  // namespace
}  // namespace limn::libtorch::oracle
