// The kernels against their plain LibTorch twins: values and every gradient, at sizes that are pairwise
// different. The twin runs in float64 from the same float32 numbers, so a difference is the kernel's own
// rounding or a mistake.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "libtorch/conditioned_oracle.hpp"
#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/cells/recurrent.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/libtorch/oracle/cells.hpp"
#include "limn/libtorch/oracle/mixture_density.hpp"
#include "testing/compare.hpp"
#include "testing/simd_targets.hpp"

namespace limn::libtorch::oracle {
namespace {

using kernels::CellShape;
using kernels::CellType;
using kernels::Direction;
using limn::testing::all_near;
using limn::testing::ConditionedOracle;
using limn::testing::for_each_simd_target;
using limn::testing::kFloat32Steps;
using limn::testing::Results;
using limn::testing::Rounding;
using limn::testing::tensors_near;
using torch::Tensor;

Tensor random_tensor(std::vector<std::int64_t> shape, std::uint64_t index, float spread = 1) {
  Tensor tensor = torch::empty(shape, torch::kFloat32);
  RandomStream random(21, Purpose::kTest, index);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) tensor.data_ptr<float>()[i] = spread * random.normal();
  return tensor;
}

Matrix view(const Tensor& tensor) {
  return tensor.defined() ? Matrix{tensor.data_ptr<float>(), tensor.size(0), tensor.size(1)} : Matrix{};
}
std::span<float> span(const Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

// A leaf in float64 with the same numbers.
Tensor leaf(const Tensor& tensor) {
  return tensor.defined() ? tensor.to(torch::kFloat64).clone().requires_grad_() : tensor;
}

// One recurrent problem: tensors in float32, packed.
struct Problem {
  CellShape shape;
  Direction direction = Direction::kForward;
  std::vector<std::int64_t> active, lengths;
  kernels::RecurrentDropout dropout;
  Tensor x, constant, initial_state;       // [R, D], [B, Z], [B, S]; the last two may be undefined
  Tensor hidden_gradient, final_gradient;  // what arrives from above
  Parameters parameters;
};

struct Sizes {
  std::int64_t input = 5, constant = 2, hidden = 7, units = 6, embedding = 3;
  std::vector<std::int64_t> active{3, 3, 2, 1, 1};  // T = 5, B = 3
};

Problem make_problem(CellType type, Direction direction, const Sizes& sizes, float keep, bool has_initial_state) {
  Problem p;
  p.shape = {.type = type,
             .input_size = sizes.input,
             .constant_size = sizes.constant,
             .hidden_size = sizes.hidden,
             .hyper_num_units = sizes.units,
             .hyper_embedding_size = sizes.embedding};
  p.direction = direction;
  p.active = sizes.active;
  const std::int64_t batch = sizes.active.front(), states = kernels::state_size(p.shape);
  p.lengths.assign(static_cast<std::size_t>(batch), 0);
  std::int64_t rows = 0;
  for (const std::int64_t count : sizes.active) {
    rows += count;
    for (std::int64_t b = 0; b < count; ++b) ++p.lengths[static_cast<std::size_t>(b)];
  }
  p.dropout = {.keep = keep, .seed = 5, .step = 3};
  for (std::int64_t b = 0; b < batch; ++b) p.dropout.numbers.push_back(1 + 2 * b);
  p.x = random_tensor({rows, sizes.input}, 1);
  if (sizes.constant > 0) p.constant = random_tensor({batch, sizes.constant}, 2);
  if (has_initial_state) p.initial_state = random_tensor({batch, states}, 3, 0.5f);
  p.hidden_gradient = random_tensor({rows, sizes.hidden}, 4);
  p.final_gradient = random_tensor({batch, states}, 5);
  p.parameters = random_parameters(kernels::cell_parameters(p.shape), torch::kFloat32, 17);
  return p;
}

// Outputs and gradients; the latter of the sum of all outputs, each times what arrives from above.
Results run_twin(const Problem& p, Rounding& round) {
  const Parameters parameters = round.each(p.parameters);
  const Tensor x = round(p.x), constant = round(p.constant), initial_state = round(p.initial_state);
  const auto output = run_sequence(p.shape, p.direction, parameters, "",
                                   {.x = pad(x, p.active),
                                    .lengths = p.lengths,
                                    .constant = constant,
                                    .initial_state = initial_state,
                                    .dropout = p.dropout});
  const Tensor hidden = pack(output.hidden, p.active);
  ((hidden * p.hidden_gradient).sum() + (output.final_state * p.final_gradient).sum()).backward();
  Results results{{"hidden", hidden}, {"final_state", output.final_state}, {"gradient of x", x.grad()}};
  if (constant.defined()) results["gradient of constant"] = constant.grad();
  if (initial_state.defined()) results["gradient of initial_state"] = initial_state.grad();
  for (const auto& [name, value] : parameters) results["gradient of " + name] = value.grad();
  return results;
}

// The same of the kernels. Everything begins as NaN: each value must be written.
Results run_kernel(const Problem& p) {
  Results results{{"hidden", torch::full_like(p.hidden_gradient, NAN)},
                  {"final_state", torch::full_like(p.final_gradient, NAN)},
                  {"gradient of x", torch::full_like(p.x, NAN)}};
  if (p.constant.defined()) results["gradient of constant"] = torch::full_like(p.constant, NAN);
  if (p.initial_state.defined()) results["gradient of initial_state"] = torch::full_like(p.initial_state, NAN);
  std::vector<std::span<const float>> values;
  std::vector<std::span<float>> gradients;
  for (const auto& spec : kernels::cell_parameters(p.shape)) {
    values.push_back(span(p.parameters.at(spec.name)));
    gradients.push_back(span(results["gradient of " + spec.name] = torch::full(spec.shape, NAN)));
  }
  const auto matrix = [&](const std::string& name) {
    const auto found = results.find(name);
    return found == results.end() ? Matrix() : view(found->second);
  };
  kernels::RecurrentSequence sequence(p.shape, p.direction);
  sequence.forward({.parameters = values,
                    .active = p.active,
                    .x = view(p.x),
                    .constant = view(p.constant),
                    .initial_state = view(p.initial_state),
                    .dropout = p.dropout},
                   matrix("hidden"), matrix("final_state"));
  sequence.backward({.hidden = view(p.hidden_gradient),
                     .final_state = view(p.final_gradient),
                     .parameters = gradients,
                     .x = matrix("gradient of x"),
                     .constant = matrix("gradient of constant"),
                     .initial_state = matrix("gradient of initial_state")});
  return results;
}

void expect_twins(const Problem& p) {
  ConditionedOracle twin(kFloat32Steps, [&](Rounding& round) { return run_twin(p, round); });
  const Results actual = run_kernel(p);
  for (const auto& [name, expected] : twin.all()) twin.expect_near(actual.at(name), name);
}

const char* name_of(CellType type) {
  return type == CellType::kLstm ? "lstm" : type == CellType::kLayerNorm ? "layer_norm" : "hyper";
}

class RecurrentTwin : public ::testing::TestWithParam<CellType> {
 protected:
  void SetUp() override {
    try {
      const kernels::RecurrentSequence sequence({.type = GetParam(), .hidden_size = 1}, Direction::kForward);
    } catch (const Error& error) {
      if (std::string(error.what()).ends_with("cannot run yet")) GTEST_SKIP() << error.what();
      throw;
    }
  }
};

// The twin by itself: what the kernels are measured against must be right first.
class CellTwin : public ::testing::TestWithParam<CellType> {};

TEST_P(RecurrentTwin, MatchesInEveryMode) {
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    for (const float keep : {1.0f, 0.6f}) {
      for (const bool has_initial_state : {false, true}) {
        for (const std::int64_t constant : {0, 2}) {
          SCOPED_TRACE(std::string(direction == Direction::kForward ? "forward" : "backward") + ", keep " +
                       std::to_string(keep) + ", initial state " + std::to_string(has_initial_state) + ", Z " +
                       std::to_string(constant));
          expect_twins(make_problem(GetParam(), direction, {.constant = constant}, keep, has_initial_state));
        }
      }
    }
  }
}

TEST_P(RecurrentTwin, MatchesOnEveryTargetAndAroundVectorWidths) {
  for_each_simd_target([] {
    for (const std::int64_t hidden : {1, 16, 17}) {
      SCOPED_TRACE("H = " + std::to_string(hidden));
      const Sizes sizes{.hidden = hidden, .units = hidden + 2, .active = {9, 4, 4, 2}};
      expect_twins(make_problem(GetParam(), Direction::kForward, sizes, 0.8f, true));
    }
  });
}

TEST_P(RecurrentTwin, MatchesForOneSequenceOfOneStep) {
  expect_twins(make_problem(GetParam(), Direction::kForward, {.active = {1}}, 1, true));
  expect_twins(make_problem(GetParam(), Direction::kBackward, {.active = {1}}, 1, false));
}

TEST_P(RecurrentTwin, SteppingMatches) {
  const Problem p = make_problem(GetParam(), Direction::kForward, {.active = {3, 3, 3, 3}}, 1, true);
  std::vector<std::span<const float>> values;
  for (const auto& spec : kernels::cell_parameters(p.shape)) values.push_back(span(p.parameters.at(spec.name)));
  const kernels::CellStepper stepper(p.shape, values);
  const auto prepared = stepper.prepare_constant(view(p.constant), 3);
  const Tensor state = p.initial_state.clone();
  for (std::int64_t t = 0; t < 4; ++t) {
    stepper.step(view(p.x.narrow(0, 3 * t, 3)), {prepared.data(), 3, stepper.prepared_size()}, view(state));
  }
  ConditionedOracle twin(kFloat32Steps, [&](Rounding& round) { return run_twin(p, round); });
  twin.expect_near(state, "final_state");
}

TEST(MixtureDensityTwin, ValuesAndGradientsMatch) {
  for_each_simd_target([] {
    for (const std::int64_t mixtures : {1, 4, 20}) {
      SCOPED_TRACE("M = " + std::to_string(mixtures));
      const std::int64_t rows = 13;
      const Tensor outputs = random_tensor({rows, kernels::output_size(mixtures)}, 6, 0.8f);
      const Tensor targets = random_tensor({rows, 5}, 7);
      for (std::int64_t r = 0; r < rows; ++r) {
        targets[r].narrow(0, 2, 3).zero_();
        targets[r][2 + r % 3] = 1.0f;
      }
      const Tensor gradient = torch::full_like(outputs, NAN);
      const auto sums = kernels::mixture_density_loss(view(outputs), view(targets), 0.5f, view(gradient));
      ConditionedOracle twin(kFloat32Steps, [&](Rounding& round) {
        const Tensor y = round(outputs);
        const StepLosses losses = mixture_density(y, targets.to(torch::kFloat64));
        const Tensor is_drawing = 1 - targets.select(1, 4);
        const Tensor offset = (is_drawing * losses.offset).sum();
        (0.5 * (offset + losses.pen.sum())).backward();
        return Results{{"offset", offset},
                       {"pen", losses.pen.sum()},
                       {"pen_drawing", (is_drawing * losses.pen).sum()},
                       {"gradient", y.grad()}};
      });
      for (const auto& [name, sum] :
           {std::pair("offset", sums.offset), {"pen", sums.pen}, {"pen_drawing", sums.pen_drawing}})
        twin.expect_near(torch::tensor(sum, torch::kFloat64), name);
      twin.expect_near(gradient, "gradient");
    }
  });
}

// The gradient of loss() with respect to `value`, a float64 leaf, against central differences.
template <class Loss>
void expect_numeric_gradient(const Loss& loss, const Tensor& value, const std::string& what) {
  constexpr double kStep = 2e-6;
  if (value.grad().defined()) value.mutable_grad().reset();
  loss().backward();
  const Tensor gradient = value.grad().contiguous();
  const torch::NoGradGuard no_gradient;
  double* const data = value.data_ptr<double>();
  std::vector<double> numeric;
  for (std::int64_t i = 0; i < value.numel(); ++i) {
    const double kept = data[i];
    data[i] = kept + kStep;
    const double up = loss().template item<double>();
    data[i] = kept - kStep;
    numeric.push_back((up - loss().template item<double>()) / (2 * kStep));
    data[i] = kept;
  }
  const std::span<const double> actual{gradient.data_ptr<double>(), numeric.size()};
  EXPECT_TRUE(all_near(actual, std::span<const double>(numeric), testing::kNumericGradient, what));
}

TEST_P(CellTwin, ItsOwnGradientsMatchNumericOnes) {
  const Problem p =
      make_problem(GetParam(), Direction::kBackward,
                   {.input = 2, .constant = 1, .hidden = 3, .units = 2, .embedding = 1, .active = {2, 1}}, 0.7f, true);
  Parameters parameters;
  for (const auto& [name, value] : p.parameters) parameters[name] = leaf(value.detach());
  const Tensor x = leaf(p.x);
  const auto loss = [&] {
    const auto output = run_sequence(p.shape, p.direction, parameters, "",
                                     {.x = pad(x, p.active),
                                      .lengths = p.lengths,
                                      .constant = p.constant.to(torch::kFloat64),
                                      .initial_state = p.initial_state.to(torch::kFloat64),
                                      .dropout = p.dropout});
    return (pack(output.hidden, p.active) * p.hidden_gradient).sum() + (output.final_state * p.final_gradient).sum();
  };
  expect_numeric_gradient(loss, x, "x");
  for (const auto& [name, value] : parameters) expect_numeric_gradient(loss, value, name);
}

TEST(MixtureDensityTwin, ItsOwnGradientMatchesANumericOne) {
  const Tensor y = leaf(random_tensor({2, kernels::output_size(3)}, 8, 0.8f));
  const Tensor targets = torch::tensor({{0.3, -0.7, 1.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 0.0, 1.0}}, torch::kFloat64);
  const auto loss = [&] {
    const auto losses = mixture_density(y, targets);
    return losses.offset.sum() + losses.pen.sum();
  };
  expect_numeric_gradient(loss, y, "outputs");
}

const auto kCells = ::testing::Values(CellType::kLstm, CellType::kLayerNorm, CellType::kHyper);
std::string cell_name(const ::testing::TestParamInfo<CellType>& cell) { return name_of(cell.param); }
INSTANTIATE_TEST_SUITE_P(Cells, RecurrentTwin, kCells, cell_name);
INSTANTIATE_TEST_SUITE_P(Cells, CellTwin, kCells, cell_name);

}  // namespace
}  // namespace limn::libtorch::oracle
