// The recurrent module through autograd against the plain LibTorch twin in float64: a weighted sum of
// outputs, with respect to inputs and parameters, and what only a graph can do wrong: sharing, order, absence
// of gradients.
#include "limn/nn/recurrent.hpp"

#include <gtest/gtest.h>

#include "limn/core/error.hpp"
#include "limn/libtorch/oracle/cells.hpp"
#include "testing/tensors.hpp"

namespace limn::nn {
namespace {

using kernels::CellShape;
using kernels::CellType;
using kernels::Direction;
using testing::kFloat32;
using testing::random_tensor;
using testing::tensors_near;
using torch::Tensor;

const std::vector<std::int64_t> kActive{4, 4, 2, 1};
const std::vector<std::int64_t> kLengths{4, 3, 2, 2};
// A sum of some hundred terms around one, which may cancel.
constexpr testing::Tolerance kSum{.relative = 1e-5, .absolute = 2e-6, .floor = 10};
constexpr std::int64_t kRows = 11, kBatch = 4;

CellShape shape_of(CellType type, std::int64_t constant = 3) {
  return {.type = type,
          .input_size = 5,
          .constant_size = constant,
          .hidden_size = 9,
          .hyper_num_units = 6,
          .hyper_embedding_size = 2};
}

Recurrent random_module(const CellShape& shape, Direction direction) {
  Recurrent module(shape, direction, kernels::Precision::kFloat32);
  const auto values = libtorch::oracle::random_parameters(kernels::cell_parameters(shape), torch::kFloat32, 31);
  const torch::NoGradGuard no_gradient;
  for (const auto& item : module->named_parameters()) Tensor(item.value()).copy_(values.at(item.key()));
  return module;
}

libtorch::oracle::Parameters twins(torch::nn::Module& module) {
  libtorch::oracle::Parameters parameters;
  for (const auto& item : module.named_parameters())
    parameters[item.key()] = item.value().detach().to(torch::kFloat64).clone().requires_grad_();
  return parameters;
}

// Inputs of one problem, and how much each of its outputs weighs in the loss.
struct Problem {
  Tensor x, constant, initial_state;
  Tensor hidden_weight, final_weight;
};

Problem make_problem(const CellShape& shape, std::uint64_t index) {
  return {
      .x = random_tensor({kRows, shape.input_size}, index).requires_grad_(),
      .constant = random_tensor({kBatch, shape.constant_size}, index + 1).requires_grad_(),
      .initial_state = random_tensor({kBatch, kernels::state_size(shape)}, index + 2, 0.5f).requires_grad_(),
      .hidden_weight = random_tensor({kRows, shape.hidden_size}, index + 3),
      .final_weight = random_tensor({kBatch, kernels::state_size(shape)}, index + 4)};
}
Problem twin_of(const Problem& problem) {
  const auto leaf = [](const Tensor& t) { return t.detach().to(torch::kFloat64).clone().requires_grad_(); };
  return {leaf(problem.x), leaf(problem.constant), leaf(problem.initial_state), problem.hidden_weight,
          problem.final_weight};
}

Tensor loss_of(Recurrent& module, const Problem& problem) {
  const auto output = module->forward({.x = problem.x,
                                       .active = kActive,
                                       .constant = problem.constant,
                                       .initial_state = problem.initial_state});
  return (output.hidden * problem.hidden_weight).sum() + (output.final_state * problem.final_weight).sum();
}

Tensor twin_loss(const CellShape& shape, Direction direction, const libtorch::oracle::Parameters& parameters,
                 const Problem& problem) {
  const auto output = libtorch::oracle::run_sequence(shape, direction, parameters, "",
                                              {.x = libtorch::oracle::pad(problem.x, kActive),
                                               .lengths = kLengths,
                                               .constant = problem.constant,
                                               .initial_state = problem.initial_state});
  return (libtorch::oracle::pack(output.hidden, kActive) * problem.hidden_weight).sum() +
         (output.final_state * problem.final_weight).sum();
}

void expect_inputs_near(const Problem& problem, const Problem& twin) {
  EXPECT_TRUE(tensors_near(problem.x.grad(), twin.x.grad(), kFloat32, "x"));
  EXPECT_TRUE(tensors_near(problem.constant.grad(), twin.constant.grad(), kFloat32, "constant"));
  EXPECT_TRUE(
      tensors_near(problem.initial_state.grad(), twin.initial_state.grad(), kFloat32, "initial_state"));
}
void expect_parameters_near(torch::nn::Module& module, const libtorch::oracle::Parameters& twin) {
  for (const auto& item : module.named_parameters())
    EXPECT_TRUE(tensors_near(item.value().grad(), twin.at(item.key()).grad(), kFloat32, item.key()));
}

class RecurrentModule : public ::testing::TestWithParam<CellType> {};

TEST_P(RecurrentModule, GradientsOfAWeightedSumMatch) {
  for (const auto direction : {Direction::kForward, Direction::kBackward}) {
    const CellShape shape = shape_of(GetParam());
    Recurrent module = random_module(shape, direction);
    const auto parameters = twins(*module);
    const Problem problem = make_problem(shape, 100), twin = twin_of(problem);
    const Tensor loss = loss_of(module, problem), expected = twin_loss(shape, direction, parameters, twin);
    EXPECT_TRUE(tensors_near(loss, expected, kSum, "loss"));
    loss.backward();
    expected.backward();
    expect_inputs_near(problem, twin);
    expect_parameters_near(*module, parameters);
  }
}

TEST_P(RecurrentModule, ASecondForwardBeforeTheFirstBackwardWorks) {
  const CellShape shape = shape_of(GetParam());
  Recurrent module = random_module(shape, Direction::kForward);
  const auto parameters = twins(*module);
  // The first round leaves sequences to be used again, the second uses them.
  for (const std::uint64_t round : {0, 1}) {
    const Problem a = make_problem(shape, 200 + 20 * round), b = make_problem(shape, 210 + 20 * round);
    const Problem twin_a = twin_of(a), twin_b = twin_of(b);
    const Tensor first = loss_of(module, a), second = loss_of(module, b);
    first.backward();
    second.backward();
    twin_loss(shape, Direction::kForward, parameters, twin_a).backward();
    twin_loss(shape, Direction::kForward, parameters, twin_b).backward();
    expect_inputs_near(a, twin_a);
    expect_inputs_near(b, twin_b);
    expect_parameters_near(*module, parameters);
  }
}

// One sequence's final state is the next one's start: a gradient goes through both nodes.
TEST_P(RecurrentModule, ChainsThroughItsState) {
  const CellShape shape = shape_of(GetParam());
  Recurrent module = random_module(shape, Direction::kForward);
  const auto parameters = twins(*module);
  const Problem problem = make_problem(shape, 300), twin = twin_of(problem);
  const auto first = module->forward({.x = problem.x, .active = kActive, .constant = problem.constant});
  (loss_of(module,
           {problem.x, problem.constant, first.final_state, problem.hidden_weight, problem.final_weight}))
      .backward();
  const auto twin_first = libtorch::oracle::run_sequence(
      shape, Direction::kForward, parameters, "",
      {.x = libtorch::oracle::pad(twin.x, kActive), .lengths = kLengths, .constant = twin.constant});
  twin_loss(shape, Direction::kForward, parameters,
            {twin.x, twin.constant, twin_first.final_state, problem.hidden_weight, problem.final_weight})
      .backward();
  EXPECT_TRUE(tensors_near(problem.x.grad(), twin.x.grad(), kFloat32, "x"));
  EXPECT_TRUE(tensors_near(problem.constant.grad(), twin.constant.grad(), kFloat32, "constant"));
  expect_parameters_near(*module, parameters);
}

TEST_P(RecurrentModule, OnlyOneOutputMayBeUsed) {
  const CellShape shape = shape_of(GetParam());
  Recurrent module = random_module(shape, Direction::kForward);
  const auto parameters = twins(*module);
  Problem problem = make_problem(shape, 400);
  for (const bool uses_hidden : {true, false}) {
    (uses_hidden ? problem.final_weight : problem.hidden_weight).zero_();
    const Problem twin = twin_of(problem);
    const auto output = module->forward({.x = problem.x,
                                         .active = kActive,
                                         .constant = problem.constant,
                                         .initial_state = problem.initial_state});
    if (uses_hidden)
      (output.hidden * problem.hidden_weight).sum().backward();
    else
      (output.final_state * problem.final_weight).sum().backward();
    twin_loss(shape, Direction::kForward, parameters, twin).backward();
    expect_inputs_near(problem, twin);
    expect_parameters_near(*module, parameters);
    problem = make_problem(shape, 410);
  }
}

TEST_P(RecurrentModule, AVaryingConstantPartNeedsNoOtherWeights) {
  const CellShape shape = shape_of(GetParam());
  Recurrent module = random_module(shape, Direction::kForward);
  const Problem problem = make_problem(shape, 500);
  const Tensor expected = loss_of(module, problem);
  std::vector<Tensor> repeated;
  for (const std::int64_t count : kActive) repeated.push_back(problem.constant.narrow(0, 0, count));
  const auto output = module->forward({.x = torch::cat({problem.x, torch::cat(repeated)}, 1),
                                       .active = kActive,
                                       .initial_state = problem.initial_state});
  const Tensor loss =
      (output.hidden * problem.hidden_weight).sum() + (output.final_state * problem.final_weight).sum();
  EXPECT_TRUE(tensors_near(loss, expected, kSum, "loss"));
}

TEST_P(RecurrentModule, WithoutGradientsTheResultIsTheSame) {
  const CellShape shape = shape_of(GetParam(), 0);
  Recurrent module = random_module(shape, Direction::kBackward);
  const Tensor x = random_tensor({kRows, 5}, 600);
  const auto with = module->forward({.x = x, .active = kActive});
  const torch::NoGradGuard no_gradient;
  const auto without = module->forward({.x = x, .active = kActive});
  EXPECT_TRUE(with.hidden.requires_grad());
  EXPECT_FALSE(without.hidden.requires_grad());
  EXPECT_TRUE(with.hidden.equal(without.hidden));
  EXPECT_TRUE(with.final_state.equal(without.final_state));
}

// What evaluation in the middle of a step must not disturb.
TEST_P(RecurrentModule, ARunWithoutGradientsBetweenForwardAndBackwardChangesNothing) {
  const CellShape shape = shape_of(GetParam());
  Recurrent module = random_module(shape, Direction::kForward);
  const auto parameters = twins(*module);
  const Problem problem = make_problem(shape, 700), twin = twin_of(problem), other = make_problem(shape, 710);
  const Tensor loss = loss_of(module, problem);
  {
    const torch::NoGradGuard no_gradient;
    (void)loss_of(module, other);
  }
  loss.backward();
  twin_loss(shape, Direction::kForward, parameters, twin).backward();
  expect_inputs_near(problem, twin);
  expect_parameters_near(*module, parameters);
}

TEST_P(RecurrentModule, AWrongWidthIsAnError) {
  Recurrent module = random_module(shape_of(GetParam(), 0), Direction::kForward);
  EXPECT_THROW((void)module->forward({.x = torch::zeros({kRows, 6}), .active = kActive}), Error);
}

INSTANTIATE_TEST_SUITE_P(Cells, RecurrentModule,
                         ::testing::Values(CellType::kLstm, CellType::kLayerNorm, CellType::kHyper),
                         [](const auto& cell) {
                           return std::string(cell.param == CellType::kLstm        ? "lstm"
                                              : cell.param == CellType::kLayerNorm ? "layer_norm"
                                                                                   : "hyper");
                         });

TEST(RegisterParameters, DotsMakeChildModules) {
  torch::nn::Module module;
  const auto registered = register_parameters(module, {{"a.b.weight", {2, 3}}, {"a.c", {4}}, {"d", {}}});
  ASSERT_EQ(registered.size(), 3u);
  const auto names = module.named_parameters();
  EXPECT_EQ(names.size(), 3u);
  EXPECT_TRUE(names["a.b.weight"].is_same(registered[0]));
  EXPECT_TRUE(names["a.c"].is_same(registered[1]));
  EXPECT_TRUE(names["d"].is_same(registered[2]));
}

}  // namespace
}  // namespace limn::nn
